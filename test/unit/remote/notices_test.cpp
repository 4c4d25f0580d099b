// What a session's server says besides, said to the caller while it happens.
#include "remote/notices.hpp"

#include <gtest/gtest.h>

#include "support/remote/client.hpp"

namespace mad::remote {
namespace {

using test::Client;

class NoticesTest : public test::RemoteTest {
 protected:
    const std::vector<Notice>& said() const { return client_.host.said; }
};

TEST_F(NoticesTest, SaysNoticesAndWarningsInTheirOrder) {
    client_.run(
        "SET client_min_messages = debug1; "
        "DO $$BEGIN "
        "RAISE NOTICE 'first' USING DETAIL = 'its detail', HINT = 'its hint'; "
        "RAISE DEBUG 'never said'; RAISE INFO 'never said'; RAISE LOG 'never said'; "
        "RAISE WARNING 'second: ä %%'; "
        "END$$");
    ASSERT_EQ(said().size(), 2U);
    EXPECT_EQ(said()[0].level, Notice::Level::notice);
    EXPECT_EQ(said()[0].message, "first");
    EXPECT_EQ(said()[0].detail, "its detail");
    EXPECT_EQ(said()[0].hint, "its hint");
    EXPECT_EQ(said()[1].level, Notice::Level::warning);
    EXPECT_EQ(said()[1].message, "second: ä %");
    EXPECT_EQ(said()[1].detail + said()[1].hint, "");
}

TEST_F(NoticesTest, SaysWhatCameBeforeAFailure) {
    client_.failure("DO $$BEGIN RAISE NOTICE 'before'; RAISE 'failure'; END$$");
    ASSERT_EQ(said().size(), 1U);
    EXPECT_EQ(said()[0].message, "before");
}

TEST_F(NoticesTest, SaysThemWhileTheStatementRuns) {
    observer_.run("SELECT pg_advisory_lock(pg_backend_pid())");
    const std::string key = observer_.process();
    client_.host.before_wait = [&, released = false]() mutable {
        if (!said().empty() && !std::exchange(released, true)) {
            observer_.run("SELECT pg_advisory_unlock(" + key + ")");
        }
    };
    client_.run("DO $$BEGIN RAISE NOTICE 'waiting'; PERFORM pg_advisory_lock(" + key + "); END$$");
    EXPECT_EQ(said().size(), 1U);
}

TEST_F(NoticesTest, KeepsNoMoreThanItMust) {
    client_.run(
        "DO $$BEGIN RAISE NOTICE 'small'; RAISE NOTICE '%', repeat('x', 100000); "
        "RAISE NOTICE 'small again'; END$$");
    std::vector<std::string> messages;
    for (const Notice& notice : said()) messages.push_back(notice.message);
    EXPECT_EQ(std::ranges::count(messages, "small"), 1);
    EXPECT_EQ(std::ranges::count(messages, "small again"), 1);
    EXPECT_EQ(std::ranges::count(messages, "1 more notices are not shown"), 1);
    EXPECT_EQ(messages.size(), 3U);
}

TEST_F(NoticesTest, LosesNoneOfMany) {
    client_.run("DO $$BEGIN FOR i IN 1..20000 LOOP RAISE NOTICE '%', i; END LOOP; END$$");
    ASSERT_EQ(said().size(), 20'000U);
    EXPECT_EQ(said().back().message, "20000");
}

TEST_F(NoticesTest, StarvesNobodyElse) {
    Client::Pointer other = client_.reactor.complete(connect(client_.reactor, settings_, {}));
    const std::string key = client_.process();
    const std::string still_locked =
        "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = " + key + ")";
    client_.reactor.complete(other->run("SELECT pg_advisory_lock(" + key + ")"));
    // The flood ends when the other session has got a hundred round trips through it.
    const auto flood = [&](Executor& executor) -> Task<void> {
        std::string sql = "DO $$BEGIN WHILE " + still_locked +
                          " LOOP FOR i IN 1..100 LOOP RAISE NOTICE 'again'; END LOOP; END LOOP; "
                          "END$$";
        co_await executor.run(std::move(sql));
    };
    const auto work = [&](Executor& executor) -> Task<void> {
        for (int in_flood = 0; in_flood < 100;) {
            co_await executor.run("SELECT 1");
            if (!said().empty()) ++in_flood;
        }
        std::string sql = "SELECT pg_advisory_unlock(" + key + ")";
        co_await executor.run(std::move(sql));
    };
    int started = 0;
    client_.reactor.complete_all(
        [&]() -> std::optional<Task<void>> {
            switch (started++) {
                case 0:
                    return flood(*client_.connection);
                case 1:
                    return work(*other);
                default:
                    return std::nullopt;
            }
        },
        2);
    EXPECT_EQ(said().back().message, "again");
}

}  // namespace
}  // namespace mad::remote
