// Names made from branch names, revision ids and messages.
#include "core/naming.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"

namespace mad {
namespace {

TEST(Naming, AcceptsBranchNames) {
    EXPECT_NO_THROW(check_branch_name("r"));
    EXPECT_NO_THROW(check_branch_name("results_2"));
    EXPECT_NO_THROW(check_branch_name(std::string(40, 'a')));
}

class BadBranchName : public testing::TestWithParam<std::string> {};

TEST_P(BadBranchName, IsRefused) {
    try {
        check_branch_name(GetParam());
        FAIL() << "accepted";
    } catch (const Failure& failure) {
        EXPECT_TRUE(failure.is(Code::invalid_identifier));
        EXPECT_EQ(failure.report().message, "invalid branch name \"" + GetParam() + "\"");
        EXPECT_FALSE(failure.report().detail.empty());
        EXPECT_FALSE(failure.report().hint.empty());
    }
}

INSTANTIATE_TEST_SUITE_P(Naming, BadBranchName,
                         testing::ValuesIn(std::vector<std::string>{"", "2nd", "_a", "Results",
                                                                    "a-b", "a b", "a.b", "\xC3\xA4",
                                                                    std::string(41, 'a')}));

TEST(Naming, NamesTablesAndSettings) {
    EXPECT_EQ(version_table("results"), "alembic_version_results");
    EXPECT_EQ(revision_setting("results"), "mad_revision.results");
}

TEST(Naming, MakesSlugsOfWords) {
    EXPECT_EQ(script_filename("ae10", "Add the input-signature cache!"),
              "ae10_add_the_input_signature_cache.sql");
    EXPECT_EQ(script_filename("ae10", "  ../../etc/passwd  "), "ae10_etc_passwd.sql");
    EXPECT_EQ(script_filename("ae10", ""), "ae10_.sql");
}

TEST(Naming, CutsSlugsAtAWordsEnd) {
    EXPECT_EQ(script_filename("a", "twelve words are far more than anybody needs here"),
              "a_twelve_words_are_far_more_than_anybody_.sql");
    const std::string exactly_40 = "ten_letter_ten_letter_ten_letter_ten_let";
    EXPECT_EQ(script_filename("a", exactly_40), "a_" + exactly_40 + ".sql");
    EXPECT_EQ(script_filename("a", std::string(41, 'x')), "a_" + std::string(40, 'x') + "_.sql");
}

TEST(Naming, CountsCharactersNotBytes) {
    std::string umlauts;
    for (int i = 0; i < 40; ++i) umlauts += "\xC3\xA4";
    EXPECT_EQ(script_filename("a", umlauts), "a_" + umlauts + ".sql");
    EXPECT_EQ(script_filename("a", umlauts + "\xC3\xA4"), "a_" + umlauts + "_.sql");
}

std::string complaint_about(std::string_view id) {
    return test::failure_of([&] { organization_database("app_{org_id}", id); }).detail;
}

TEST(Naming, MakesDatabasesNames) {
    EXPECT_EQ(organization_database("app_{org_id}", "acme"), "app_acme");
    EXPECT_THROW(organization_database("app_{org_id}", "*"), Failure);
    EXPECT_THROW(organization_database("app_{org_id}", "a?b"), Failure);
    EXPECT_EQ(organization_of("app_{org_id}", "app_*"), std::nullopt);
    EXPECT_EQ(organization_database("{org_id}_app_{org_id}", "a"), "a_app_a");
    EXPECT_EQ(organization_database("app_{org_id}", "{org_id}"), "app_{org_id}");
    EXPECT_EQ(organization_database("app_{org_id}", std::string(59, 'x')).size(), 63U);
}

TEST(Naming, RefusesWhatIsNoDatabasesName) {
    EXPECT_EQ(complaint_about(""), "Its id is empty.");
    EXPECT_NE(complaint_about(std::string(60, 'x')), "");
    for (const char c : {'\n', '\0', '\x1F', '\x7F'}) {
        EXPECT_NE(complaint_about(std::string("a") + c), "") << static_cast<int>(c);
    }
}

TEST(Naming, KnowsAUuidInAnyCase) {
    const std::string lower = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    EXPECT_EQ(organization_key("F47AC10B-58CC-4372-A567-0E02B2C3D479"), lower);
    EXPECT_EQ(organization_key(lower), lower);
    EXPECT_EQ(organization_key("ACME"), "ACME");
    EXPECT_EQ(organization_key("F47AC10B-58CC-4372-A567-0E02B2C3D47G"),
              "F47AC10B-58CC-4372-A567-0E02B2C3D47G");
}

TEST(Naming, ReadsTheOrganizationFromADatabasesName) {
    EXPECT_EQ(organization_of("app_{org_id}", "app_acme"), "acme");
    EXPECT_EQ(organization_of("{org_id}_app_{org_id}", "a_app_a"), "a");
    for (const char* const name : {"app_", "ap_acme", "other", ""}) {
        EXPECT_EQ(organization_of("app_{org_id}", name), std::nullopt) << name;
    }
    EXPECT_EQ(organization_of("{org_id}_app_{org_id}", "a_app_b"), std::nullopt);
    // Provisioned, it would be called otherwise.
    EXPECT_EQ(organization_of("app_{org_id}", "app_F47AC10B-58CC-4372-A567-0E02B2C3D479"),
              std::nullopt);
}

}  // namespace
}  // namespace mad
