// Minimal scripts to put one more thing into.
#pragma once

#include <string>
#include <string_view>

namespace mad::test {

std::string both();

/// A script with other sections; they begin at line 4.
std::string with_sections(std::string_view sections);

/// A script with another header; it begins at line 1.
std::string with_header(std::string_view header);

}  // namespace mad::test
