// How the script is kept and followed.
#include "support/engine/scripted_executor.hpp"

#include <algorithm>
#include <utility>

namespace mad::test {
namespace {

/// Counted while it lives.
class Presence {
 public:
    explicit Presence(int& count) : count_(count) { ++count_; }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;
    ~Presence() { --count_; }

 private:
    int& count_;
};

}  // namespace

Answer rows(Rows given) {
    return [given = std::move(given)] { return given; };
}

Answer rows(std::initializer_list<GivenRow> given) {
    Rows kept;
    for (const GivenRow& row : given) kept.emplace_back(row.begin(), row.end());
    return rows(std::move(kept));
}

Answer failing(std::string sqlstate) {
    Report report;
    report.sqlstate = std::move(sqlstate);
    report.message = "no";
    return [report = std::move(report)]() -> Rows { throw Failure(report); };
}

ScriptedExecutor::ScriptedExecutor(bool owns_transactions)
    : owns_transactions_(owns_transactions) {}
ScriptedExecutor::~ScriptedExecutor() = default;

Task<Rows> ScriptedExecutor::run(std::string sql) {
    return answer(std::move(sql));
}

Task<Rows> ScriptedExecutor::run_alone(std::string statement) {
    return answer(std::move(statement));
}

Task<Rows> ScriptedExecutor::transact(std::string script, std::string record) {
    return answer(script + " | " + record);
}

Task<void> ScriptedExecutor::begin_rehearsal() {
    co_await answer("begin rehearsal");
}

Task<void> ScriptedExecutor::end_rehearsal() {
    co_await answer("end rehearsal");
}

void ScriptedExecutor::when(std::string_view text, std::span<const Answer> answers) {
    rules_.push_back({std::string(text), {answers.begin(), answers.end()}});
}

void ScriptedExecutor::when(std::string_view text, std::initializer_list<Answer> answers) {
    when(text, std::span(answers.begin(), answers.size()));
}

void ScriptedExecutor::fail_at(std::size_t call, Failure failure) {
    failing_call_ = call;
    failure_ = std::make_exception_ptr(std::move(failure));
}

void ScriptedExecutor::suspend(Reactor& reactor, std::chrono::milliseconds pause) {
    reactor_ = &reactor;
    pause_ = pause;
}

Task<Rows> ScriptedExecutor::answer(std::string sql) {
    const Presence presence(in_flight);
    asked.push_back(sql);
    const std::size_t call = asked.size();
    if (reactor_ != nullptr) {
        Reactor::Wait wait = reactor_->sleep_until(reactor_->host().now() + pause_);
        co_await wait;
    }
    if (call == failing_call_) std::rethrow_exception(failure_);
    Rows given = rows_for(sql);
    answered.push_back(std::move(sql));
    co_return given;
}

Rows ScriptedExecutor::rows_for(const std::string& sql) {
    for (Rule& rule : rules_) {
        if (sql.find(rule.text) == std::string::npos) continue;
        const std::size_t index = std::min(rule.next++, rule.answers.size() - 1);
        return rule.answers[index]();
    }
    return {};
}

}  // namespace mad::test
