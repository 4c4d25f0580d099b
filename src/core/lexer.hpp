// SQL text cut into pieces as far as quotes and comments go; the rest is the server's parser's.
#pragma once

#include <cstddef>
#include <string_view>

namespace mad {

struct Lexeme {
    enum class Kind { space, line_comment, block_comment, quoted, other };
    Kind kind = Kind::other;
    std::size_t end = 0;     // of the piece, in the text
    bool terminated = true;  // false: the text ends inside a quote or comment
};

/// The piece that starts at `start`, which is inside the text and not inside another piece.
/// Strings are read as standard_conforming_strings has them.
Lexeme lexeme_at(std::string_view text, std::size_t start);

}  // namespace mad
