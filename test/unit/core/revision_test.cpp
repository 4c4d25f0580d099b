// What may be the name of a revision or a label.
#include "core/revision.hpp"

#include <gtest/gtest.h>

#include "core/failure.hpp"
#include "support/core/failure_of.hpp"

namespace mad {
namespace {

using test::failure_of;

TEST(Identifier, MayHoldLettersDigitsDotsAndMore) {
    for (const std::string& name :
         {std::string("a"), std::string("003_results"), std::string("v1.0"), std::string("Ärger/2"),
          std::string("heads2"), std::string(255, 'x')}) {
        EXPECT_NO_THROW(check_identifier("revision", name)) << name;
    }
}

struct Objection {
    std::string_view name;
    std::string detail;
};

TEST(Identifier, IsRefusedWithAReason) {
    const std::string means_something = " which has a meaning in targets.";
    const std::string blank = "It holds white space or a control character.";
    const std::string reserved = " has a meaning of its own in targets.";
    const std::string too_long(256, 'x');
    for (const auto& [name, detail] : {Objection{"", "It is empty."},
                                       {"a@b", "It holds \"@\"," + means_something},
                                       {"2024-01", "It holds \"-\"," + means_something},
                                       {"a+b", "It holds \"+\"," + means_something},
                                       {"a:b", "It holds \":\"," + means_something},
                                       {"a,b", "It holds \",\"," + means_something},
                                       {"a b", blank},
                                       {"a\t", blank},
                                       {"a\x7F", blank},
                                       {std::string_view("a\0b", 3), blank},
                                       {"head", "\"head\"" + reserved},
                                       {"heads", "\"heads\"" + reserved},
                                       {"base", "\"base\"" + reserved},
                                       {"current", "\"current\"" + reserved},
                                       {too_long, "It has 256 bytes; at most 255 are allowed."}}) {
        const Report report = failure_of([&] { check_identifier("label", name); });
        EXPECT_EQ(report.sqlstate, "MM010") << name;
        EXPECT_EQ(report.message, "invalid label name \"" + std::string(name) + "\"");
        EXPECT_EQ(report.detail, detail);
        EXPECT_FALSE(report.hint.empty());
    }
}

}  // namespace
}  // namespace mad
