// A listener on a socket of its own that says what no well server says, or nothing at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mad::test {

/// A message of the protocol: its type, its length, its body.
std::string message(char type, std::string_view body);

std::string ask_for_password();

/// What a server says to let a client in.
std::string let_in(const std::string& user);

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
    static std::string port();
    /// Answers what came since the last time, without waiting.
    void serve();
    void hang_up() noexcept;

    std::vector<std::string> heard;

 private:
    std::string directory_;
    int listener_ = -1;
    int client_ = -1;
    std::vector<std::string> answers_;
    AtTheEnd at_the_end_;
};

}  // namespace mad::test
