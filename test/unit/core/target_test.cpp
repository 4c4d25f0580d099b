// Targets taken apart.
#include "core/target.hpp"

#include <ostream>

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"

namespace mad {
namespace {

using test::failure_of;

struct Parts {
    std::string_view text;
    std::optional<std::string_view> branch;
    std::string_view symbol;
    std::optional<std::int64_t> offset;

    friend void PrintTo(const Parts& parts, std::ostream* out) { *out << parts.text; }
};

class GoodTarget : public testing::TestWithParam<Parts> {};

TEST_P(GoodTarget, FallsIntoItsParts) {
    const Parts& parts = GetParam();
    const Target target = parse_target(parts.text);
    EXPECT_EQ(target.text, parts.text);
    EXPECT_EQ(target.branch, parts.branch);
    EXPECT_EQ(target.symbol, parts.symbol);
    EXPECT_EQ(target.offset, parts.offset);
}

constexpr std::nullopt_t none = std::nullopt;

std::vector<Parts> good_targets() {
    return {{"head", none, "head", none},
            {"heads", none, "heads", none},
            {"base", none, "base", none},
            {"+2", none, "", 2},
            {"-1", none, "", -1},
            {"+0", none, "", 0},
            {"ae10+1", none, "ae10", 1},
            {"ae10-12", none, "ae10", -12},
            {"v1.0+1", none, "v1.0", 1},
            {"003_results", none, "003_results", none},
            {"label@head", "label", "head", none},
            {"label@base", "label", "base", none},
            {"label@+2", "label", "", 2},
            {"label@-2", "label", "", -2},
            {"label@ae10-1", "label", "ae10", -1},
            {"@head", none, "head", none},
            {"@-1", none, "", -1},
            {"\xC3\xA4@\xC3\xB6", "\xC3\xA4", "\xC3\xB6", none},
            {"2024-01", none, "2024", -1},
            {"+9223372036854775807", none, "", 9223372036854775807}};
}

INSTANTIATE_TEST_SUITE_P(Target, GoodTarget, testing::ValuesIn(good_targets()));

class BadTarget : public testing::TestWithParam<std::string_view> {};

TEST_P(BadTarget, IsRefused) {
    const Report report = failure_of([&] { parse_target(GetParam()); });
    EXPECT_EQ(report.sqlstate, "MM005");
    EXPECT_EQ(report.message, "invalid target \"" + std::string(GetParam()) + "\"");
    EXPECT_FALSE(report.detail.empty());
    EXPECT_FALSE(report.hint.empty());
}

constexpr std::string_view bad_targets[] = {"",
                                            "@",
                                            "label@",
                                            "a@b@c",
                                            "+",
                                            "-",
                                            "ae10+",
                                            "+1junk",
                                            "ae10+1junk",
                                            "+-1",
                                            "--1",
                                            "+ 1",
                                            " head",
                                            "head ",
                                            "a b",
                                            "a,b",
                                            "a:b",
                                            ":",
                                            "a+1@b",
                                            "l-1@head",
                                            "a\tb",
                                            "+9223372036854775808",
                                            "-99999999999999999999"};
INSTANTIATE_TEST_SUITE_P(Target, BadTarget, testing::ValuesIn(bad_targets));

TEST(Target, ComesInListsToo) {
    const std::vector<Target> targets = parse_targets("a, label@+1 ,heads");
    ASSERT_EQ(targets.size(), 3U);
    EXPECT_EQ(targets[0].symbol, "a");
    EXPECT_EQ(targets[1].text, "label@+1");
    EXPECT_EQ(targets[1].branch, "label");
    EXPECT_EQ(targets[1].offset, 1);
    EXPECT_EQ(targets[2].text, "heads");
}

TEST(Target, IsRefusedInAListAsAlone) {
    for (const std::string_view text : {"", ",", "a,", ",a", "a,,b", "a, ,b", "a,b c"}) {
        EXPECT_EQ(failure_of([&] { parse_targets(text); }).sqlstate, "MM005") << text;
    }
}

TEST(Range, FallsIntoItsSides) {
    EXPECT_FALSE(split_range("head").from);
    EXPECT_EQ(split_range("head").to, "head");
    EXPECT_EQ(split_range("a:b").from, "a");
    EXPECT_EQ(split_range("a:b").to, "b");
    EXPECT_EQ(split_range(":b").from, "");
    EXPECT_EQ(split_range("a:").to, "");
    EXPECT_EQ(split_range(":").from, "");
}

TEST(Range, HasOneColonAtMost) {
    const Report report = failure_of([] { split_range("a:b:c"); });
    EXPECT_EQ(report.sqlstate, "MM005");
    EXPECT_EQ(report.message, "invalid range \"a:b:c\"");
}

}  // namespace
}  // namespace mad
