// The texts of minimal scripts.
#include "support/core/scripts.hpp"

namespace mad::test {

std::string both() {
    return "-- migrate:upgrade\n-- migrate:downgrade\n";
}

std::string with_sections(std::string_view sections) {
    return "/*\nRevision ID: a\n*/\n" + std::string(sections);
}

std::string with_header(std::string_view header) {
    return "/*" + std::string(header) + "*/\n" + both();
}

}  // namespace mad::test
