// Where in a text a server's error position is.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mad {

/// Byte offset of a character counted from 1, in UTF-8; the text's end where it has fewer.
std::size_t byte_offset(std::string_view text, int character) noexcept;
int count_characters(std::string_view text) noexcept;
/// Lines counted from 1.
int line_at(std::string_view text, std::size_t byte) noexcept;
/// Where the next token begins: past white space and SQL comments.
std::size_t skip_blank(std::string_view sql, std::size_t from) noexcept;
/// A statement's first line, cut to a length people read in an error message.
std::string first_line(std::string_view statement);

}  // namespace mad
