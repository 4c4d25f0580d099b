// How the listener listens, answers and hangs up.
#include "support/remote/fake_server.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace mad::test {

std::string message(char type, std::string_view body) {
    std::string text(1, type);
    const auto length = static_cast<std::uint32_t>(body.size() + 4);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        text += static_cast<char>(length >> shift & 0xFFU);
    }
    return text.append(body);
}

std::string ask_for_password() {
    return message('R', std::string_view("\0\0\0\3", 4));
}

std::string let_in(const std::string& user) {
    using namespace std::string_literals;
    return message('R', "\0\0\0\0"s) + message('S', "session_authorization\0"s + user + '\0') +
           message('K', "\0\0\0\1\0\0\0\2"s) + message('Z', "I");
}

FakeServer::FakeServer(std::vector<std::string> answers, AtTheEnd at_the_end)
    : answers_(std::move(answers)), at_the_end_(at_the_end) {
    std::string directory = std::filesystem::temp_directory_path() / "mad_server_XXXXXX";
    if (mkdtemp(directory.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = directory;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory_ + "/.s.PGSQL." + port();
    path.copy(std::data(address.sun_path), std::size(address.sun_path) - 1);
    listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_, 8) != 0) {
        throw std::runtime_error("cannot listen at " + path);
    }
}

FakeServer::~FakeServer() {
    hang_up();
    close(listener_);
    std::filesystem::remove_all(directory_);
}

std::string FakeServer::port() {
    return "5432";
}

void FakeServer::hang_up() noexcept {
    if (client_ >= 0) close(std::exchange(client_, -1));
}

void FakeServer::serve() {
    if (client_ < 0) {
        client_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    }
    if (client_ < 0) return;
    std::array<char, 65536> bytes{};
    const ssize_t length = read(client_, bytes.data(), bytes.size());
    if (length <= 0) return;
    heard.emplace_back(bytes.data(), static_cast<std::size_t>(length));
    if (answers_.empty()) {
        if (at_the_end_ == AtTheEnd::hang_up) hang_up();
        return;
    }
    const std::string answer = answers_.front();
    answers_.erase(answers_.begin());
    if (write(client_, answer.data(), answer.size()) != static_cast<ssize_t>(answer.size())) {
        throw std::runtime_error("cannot answer");
    }
}

}  // namespace mad::test
