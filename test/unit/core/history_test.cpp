// Ranges of history.
#include "core/history.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"
#include "support/core/graphs.hpp"

namespace mad {
namespace {

using test::chain;
using test::diamond;
using test::failure_of;
using test::revision;
using test::text_of;
using test::two_bases;

std::string history(const RevisionGraph& graph, std::string_view range, const Heads& rows = {}) {
    return text_of(graph, history_range(graph, rows, range));
}

std::string refusal(const RevisionGraph& graph, std::string_view range, const Heads& rows = {}) {
    return failure_of([&] { history_range(graph, rows, range); }).sqlstate;
}

TEST(History, IsEverythingNewestFirst) {
    for (const std::string_view range : {"", ":", "base:", ":heads", "base:heads", "base:head"}) {
        EXPECT_EQ(history(diamond(), range), "m c b y x a") << range;
    }
    EXPECT_EQ(history(RevisionGraph({}), ""), "");
    EXPECT_EQ(history(RevisionGraph({}), ":"), "");
}

TEST(History, IncludesBothEnds) {
    const RevisionGraph graph(chain({"a", "b", "c", "d"}));
    EXPECT_EQ(history(graph, "b:c"), "c b");
    EXPECT_EQ(history(graph, "b:"), "d c b");
    EXPECT_EQ(history(graph, ":b"), "b a");
    EXPECT_EQ(history(graph, "c:c"), "c");
}

TEST(History, ShowsOnlyWhatStandsOnItsStart) {
    EXPECT_EQ(history(diamond(), "b:"), "m c b");
    EXPECT_EQ(history(two_bases(), "a1:a3"), "a3 a2 a1");
    EXPECT_EQ(history(two_bases(), ":a2"), "a2 a1 l2 l1");
}

TEST(History, TakesTheCurrentRows) {
    const RevisionGraph graph(chain({"a", "b", "c", "d"}));
    EXPECT_EQ(history(graph, "current:", {"c"}), "d c");
    EXPECT_EQ(history(graph, ":current", {"b"}), "b a");
    EXPECT_EQ(history(graph, "current:current", {"b"}), "b");
    EXPECT_EQ(history(graph, ":current"), "");
    EXPECT_EQ(history(graph, "current:"), "d c b a");
    EXPECT_EQ(history(two_bases(), ":current", {"a1", "l1"}), "a1 l1");
    EXPECT_EQ(refusal(graph, ":current", {"gone"}), "MM002");
}

TEST(History, CountsItsEndFromItsStart) {
    const RevisionGraph graph(chain({"a", "b", "c", "d"}));
    EXPECT_EQ(history(graph, ":+2"), "b a");
    EXPECT_EQ(history(graph, "b:+1"), "c b");
    EXPECT_EQ(history(graph, "b:+99"), "d c b");
    EXPECT_EQ(history(graph, "b:d-1"), "c b");
    EXPECT_EQ(history(graph, "b:head-1"), "c b");
}

TEST(History, CountsItsStartFromTheHeads) {
    const RevisionGraph graph(chain({"a", "b", "c", "d"}));
    EXPECT_EQ(history(graph, "-1:", {"b"}), "d c");
    EXPECT_EQ(history(graph, "-99:"), "d c b a");
}

TEST(History, KeepsToTheLabelOfItsStart) {
    EXPECT_EQ(history(two_bases(), "lib@base:"), "l3 l2 l1");
    EXPECT_EQ(history(two_bases(), "lib@l2:"), "l3 l2");
    EXPECT_EQ(history(two_bases(), "a1@base:"), "a3 a2 a1 l2 l1");  // a1 shows one label: app
    EXPECT_EQ(refusal(diamond(), "a@base:"), "MM005");              // a shows none
    EXPECT_EQ(refusal(diamond(), "m@base:"), "MM005");              // m shows two
}

TEST(History, RefusesARangeThatIsNone) {
    const Report report = failure_of([] { history_range(diamond(), {}, "b:y"); });
    EXPECT_EQ(report.sqlstate, "MM005");
    EXPECT_EQ(report.message, "invalid range \"b:y\"");
    EXPECT_EQ(report.detail, "Revision \"b\" is no ancestor of where the range ends.");
    for (const std::string_view range : {"m:a", "b", "a:b:c", "a:b,c", "b+1:"}) {
        EXPECT_EQ(refusal(diamond(), range), "MM005") << range;
    }
    EXPECT_EQ(refusal(diamond(), "nowhere:"), "MM002");
    EXPECT_EQ(refusal(two_bases(), ":head"), "MM004");
}

}  // namespace
}  // namespace mad
