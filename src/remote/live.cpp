// The list of live sessions, and the cancel of their statements.
#include "remote/live.hpp"

#include <array>

namespace mad::remote {
namespace {

constinit LiveSession* first_session = nullptr;

}  // namespace

LiveSession::LiveSession(PGconn* connection) noexcept
    : connection_(connection), cancel_(PQgetCancel(connection)), next_(first_session) {
    if (next_ != nullptr) next_->previous_ = this;
    first_session = this;
}

LiveSession::~LiveSession() {
    cancel_statement();
    PQfreeCancel(cancel_);
    (previous_ == nullptr ? first_session : previous_->next_) = next_;
    if (next_ != nullptr) next_->previous_ = previous_;
}

void LiveSession::cancel_statement() noexcept {
    if (cancel_ == nullptr || PQtransactionStatus(connection_) != PQTRANS_ACTIVE) return;
    std::array<char, 256> ignored{};
    PQcancel(cancel_, ignored.data(), static_cast<int>(ignored.size()));
}

void cancel_all_live() noexcept {
    for (LiveSession* session = first_session; session != nullptr; session = session->next_) {
        session->cancel_statement();
    }
}

}  // namespace mad::remote
