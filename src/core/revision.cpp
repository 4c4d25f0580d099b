// What may be an id or a label.
#include "core/revision.hpp"

#include <algorithm>
#include <array>

#include "core/failure.hpp"
#include "core/format.hpp"

namespace mad {
namespace {

constexpr std::size_t longest_identifier = 255;
constexpr std::string_view target_signs = "@-+:,";  // they mean something in a target
constexpr std::array<std::string_view, 4> target_words{"head", "heads", "base", "current"};

bool is_white_space_or_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F;
}

/// Why the text cannot be an identifier; empty when it can.
std::string objection_to(std::string_view text) {
    if (text.empty()) return "It is empty.";
    if (text.size() > longest_identifier) {
        return mad::format("It has {} bytes; at most {} are allowed.", text.size(),
                           longest_identifier);
    }
    if (const auto sign = text.find_first_of(target_signs); sign != std::string_view::npos) {
        return mad::format("It holds \"{}\", which has a meaning in targets.", text[sign]);
    }
    if (std::ranges::any_of(text, is_white_space_or_control)) {
        return "It holds white space or a control character.";
    }
    if (std::ranges::find(target_words, text) != target_words.end()) {
        return mad::format("\"{}\" has a meaning of its own in targets.", text);
    }
    return {};
}

}  // namespace

void check_identifier(std::string_view kind, std::string_view text) {
    std::string objection = objection_to(text);
    if (objection.empty()) return;
    throw Failure(Code::invalid_identifier, mad::format("invalid {} name \"{}\"", kind, text),
                  std::move(objection),
                  "Choose 1 to 255 letters, digits, underscores or dots, such as \"003_results\".");
}

}  // namespace mad
