// What runs in a session ends with it, soon and without a trace.
#include <gtest/gtest.h>

#include "remote/live.hpp"
#include "support/remote/client.hpp"

namespace mad::remote {
namespace {

using namespace std::chrono_literals;
using test::Client;

class CancelTest : public test::RemoteTest {
 protected:
    /// The caller is cancelled as soon as the session sleeps.
    void cancel_when_it_sleeps(Client& client) {
        client.host.before_wait = [this, process = client.process()] {
            observer_.await(test::sleeps(process));
            throw test::Cancelled();
        };
    }
};

TEST_F(CancelTest, EndsTheStatementWithTheSession) {
    const std::size_t descriptors = test::count_descriptors();
    const std::string process = client_.process();
    cancel_when_it_sleeps(client_);
    EXPECT_THROW(client_.run("SELECT pg_sleep(600)"), test::Cancelled);
    const TimePoint start = Clock::now();
    client_.connection.reset();
    EXPECT_LT(Clock::now() - start, 500ms);
    EXPECT_TRUE(observer_.becomes_true(test::is_gone(process), 1s));
    EXPECT_EQ(client_.host.sockets, 0);
    EXPECT_EQ(test::count_descriptors(), descriptors - 1);
}

TEST_F(CancelTest, UndoesTheTransactionOfTheStatement) {
    const std::string process = client_.process();
    const std::string table = "mad_cancelled_" + process;
    cancel_when_it_sleeps(client_);
    EXPECT_THROW(client_.transact("CREATE TABLE " + table + " (); SELECT pg_sleep(600)", ""),
                 test::Cancelled);
    client_.connection.reset();
    EXPECT_TRUE(observer_.becomes_true(test::is_gone(process), 1s));
    EXPECT_TRUE(observer_.is_true("to_regclass('" + table + "') IS NULL"));
}

TEST_F(CancelTest, EndsEverySession) {
    std::vector<std::string> processes;
    std::vector<Client::Pointer> connections;
    std::size_t next = 0;
    for (int i = 0; i < 4; ++i) {
        Client::Pointer connection =
            client_.reactor.complete(connect(client_.reactor, settings_, {}));
        processes.push_back(client_.reactor.complete(connection->run("SELECT pg_backend_pid()"))
                                .at(0)
                                .at(0)
                                .value());
        connections.push_back(std::move(connection));
    }
    client_.host.before_wait = [&] {
        for (const std::string& process : processes) observer_.await(test::sleeps(process));
        throw test::Cancelled();
    };
    const auto sleep = [](Executor& executor) -> Task<void> {
        co_await executor.run("SELECT pg_sleep(600)");
    };
    EXPECT_THROW(client_.reactor.complete_all(
                     [&]() -> std::optional<Task<void>> {
                         if (next == connections.size()) return std::nullopt;
                         return sleep(*connections[next++]);
                     },
                     4),
                 test::Cancelled);
    connections.clear();
    for (const std::string& process : processes) {
        EXPECT_TRUE(observer_.becomes_true(test::is_gone(process), 1s));
    }
    EXPECT_EQ(client_.host.sockets, 1);
}

TEST_F(CancelTest, CancelsAllThatIsLiveAtTheEndOfAProcess) {
    client_.host.before_wait = [this, process = client_.process(), done = false]() mutable {
        if (std::exchange(done, true)) return;
        observer_.await(test::sleeps(process));
        cancel_all_live();
    };
    EXPECT_EQ(client_.failure("SELECT pg_sleep(600)").sqlstate, "57014");
    EXPECT_EQ(client_.value("SELECT 1"), "1");
    EXPECT_EQ(observer_.value("SELECT 1"), "1") << "what ran nothing is left alone";
}

TEST_F(CancelTest, KnowsOnlySessionsThatLive) {
    auto second = std::make_unique<Client>(settings_);
    auto third = std::make_unique<Client>(settings_);
    second.reset();
    cancel_all_live();
    third.reset();
    client_.connection.reset();
    cancel_all_live();
    EXPECT_EQ(observer_.value("SELECT 1"), "1");
}

TEST_F(CancelTest, PassesOnThatTheServerCancelled) {
    const Report report = client_.failure("SET statement_timeout = '10ms'; SELECT pg_sleep(600)");
    EXPECT_EQ(report.sqlstate, "57014");
    EXPECT_EQ(report.completed_statements, 1U);
}

}  // namespace
}  // namespace mad::remote
