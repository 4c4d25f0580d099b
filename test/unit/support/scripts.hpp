// Minimal scripts to put one more thing into.
#pragma once

#include <string>
#include <string_view>

namespace mad::test {

inline std::string both() {
    return "-- migrate:upgrade\n-- migrate:downgrade\n";
}

/// A script with other sections; they begin at line 4.
inline std::string with_sections(std::string_view sections) {
    return "/*\nRevision ID: a\n*/\n" + std::string(sections);
}

/// A script with another header; it begins at line 1.
inline std::string with_header(std::string_view header) {
    return "/*" + std::string(header) + "*/\n" + both();
}

}  // namespace mad::test
