// Suggestions for mistyped names.
#include "core/similar.hpp"

#include <gtest/gtest.h>

#include <array>

namespace mad {
namespace {

constexpr std::array<std::string_view, 4> branches{"metadata", "results", "analytics", "audit"};

TEST(Similar, IsTheNameWithTheFewestChanges) {
    EXPECT_EQ(most_similar("reslts", branches), "results");
    EXPECT_EQ(most_similar("resultss", branches), "results");
    EXPECT_EQ(most_similar("Results", branches), "results");
    EXPECT_EQ(most_similar("metdaata", branches), "metadata");
    constexpr std::array<std::string_view, 3> revisions{"003_results", "004_results",
                                                        "005_results"};
    EXPECT_EQ(most_similar("04_results", revisions), "004_results");
}

TEST(Similar, IsNothingThatDiffersMuch) {
    EXPECT_EQ(most_similar("payments", branches), std::nullopt);
    EXPECT_EQ(most_similar("au", branches), std::nullopt);
    EXPECT_EQ(most_similar("", branches), std::nullopt);
    EXPECT_EQ(most_similar("results", {}), std::nullopt);
}

TEST(Similar, IsNoneOfSeveralAsSimilar) {
    constexpr std::array<std::string_view, 4> revisions{"001_a", "002_a", "003_a", "04_a"};
    EXPECT_EQ(most_similar("005_a", revisions), std::nullopt);
    EXPECT_EQ(most_similar("4_a", revisions), "04_a");
}

TEST(Similar, MakesAHint) {
    EXPECT_EQ(perhaps_meant("reslts", branches, "Look."), "Perhaps you meant \"results\".");
    EXPECT_EQ(perhaps_meant("payments", branches, "Look."), "Look.");
}

}  // namespace
}  // namespace mad
