// A listener on a socket of its own that says what no well server says, or nothing at all.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mad::test {

/// A message of the protocol: its type, its length, its body.
inline std::string message(char type, std::string_view body) {
    std::string text(1, type);
    const auto length = static_cast<std::uint32_t>(body.size() + 4);
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        text += static_cast<char>(length >> shift & 0xFFU);
    }
    return text.append(body);
}

inline std::string ask_for_password() {
    return message('R', std::string_view("\0\0\0\3", 4));
}

/// What a server says to let a client in.
inline std::string let_in(const std::string& user) {
    using namespace std::string_literals;
    return message('R', "\0\0\0\0"s) + message('S', "session_authorization\0"s + user + '\0') +
           message('K', "\0\0\0\1\0\0\0\2"s) + message('Z', "I");
}

class FakeServer {
 public:
    /// One answer to each thing that the client says; it hangs up where it has no more, or goes on
    /// in silence.
    enum class AtTheEnd { hang_up, say_nothing };

    FakeServer(std::vector<std::string> answers, AtTheEnd at_the_end);
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;
    ~FakeServer();

    const std::string& host() const noexcept { return directory_; }
    static std::string port() { return "5432"; }
    /// Answers what came since the last time, without waiting.
    void serve();
    void hang_up() noexcept {
        if (client_ >= 0) close(std::exchange(client_, -1));
    }

    std::vector<std::string> heard;

 private:
    std::string directory_;
    int listener_ = -1;
    int client_ = -1;
    std::vector<std::string> answers_;
    AtTheEnd at_the_end_;
};

inline FakeServer::FakeServer(std::vector<std::string> answers, AtTheEnd at_the_end)
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

inline FakeServer::~FakeServer() {
    hang_up();
    close(listener_);
    std::filesystem::remove_all(directory_);
}

inline void FakeServer::serve() {
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
