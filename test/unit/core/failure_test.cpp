// Failures carry the report they were made of, and the SQLSTATE that the reference documents.
#include "core/failure.hpp"

#include <set>

#include <gtest/gtest.h>

namespace mad {
namespace {

TEST(Failure, HasTheDocumentedSqlstates) {
    EXPECT_EQ(sqlstate(Code::unknown_branch), "MM001");
    EXPECT_EQ(sqlstate(Code::invalid_script), "MM009");
    EXPECT_EQ(sqlstate(Code::kit_mismatch), "MM025");
    EXPECT_EQ(sqlstate(Code::active_transaction), "25001");
    EXPECT_EQ(sqlstate(Code::internal), "XX000");
}

TEST(Failure, TellsEachCodeApart) {
    std::set<std::string_view> states;
    const int codes = static_cast<int>(Code::internal) + 1;
    for (int code = 0; code < codes; ++code) {
        const std::string_view state = sqlstate(static_cast<Code>(code));
        EXPECT_EQ(state.size(), 5U);
        EXPECT_TRUE(states.insert(state).second) << state;
    }
}

TEST(Failure, KeepsItsTexts) {
    const Failure failure(Code::locked, "message", "Detail.", "Hint.");
    EXPECT_EQ(failure.report().sqlstate, "MM017");
    EXPECT_EQ(failure.report().message, "message");
    EXPECT_EQ(failure.report().detail, "Detail.");
    EXPECT_EQ(failure.report().hint, "Hint.");
    EXPECT_STREQ(failure.what(), "message");
    EXPECT_TRUE(failure.is(Code::locked));
    EXPECT_FALSE(failure.is(Code::internal));
}

}  // namespace
}  // namespace mad
