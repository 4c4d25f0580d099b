// Taking a target's text apart.
#include "core/target.hpp"

#include <algorithm>
#include <charconv>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

[[noreturn]] void refuse(std::string_view text, std::string detail) {
    throw Failure(Code::invalid_target, mad::format("invalid target \"{}\"", text),
                  std::move(detail),
                  "Write head, heads, base, a revision id, a label or a unique prefix of one; +N, "
                  "-N, id+N or id-N; any of them after \"label@\".");
}

bool is_foreign(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte == 0x7F || c == '@';
}

void check_signs(std::string_view text) {
    if (text.empty()) refuse(text, "It is empty.");
    if (text.find(',') != std::string_view::npos) {
        refuse(text, "One target is wanted here, not a list.");
    }
    if (text.find(':') != std::string_view::npos) {
        refuse(text,
               "A range from:to is for mad_migrate.upgrade_sql, mad_migrate.downgrade_sql "
               "and mad_migrate.history.");
    }
}

std::int64_t parse_offset(std::string_view text, std::string_view offset) {
    const bool is_negative = offset.front() == '-';
    const std::string_view digits = offset.substr(1);
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc::result_out_of_range) refuse(text, "The number is out of range.");
    const bool is_whole = error == std::errc{} && end == digits.data() + digits.size();
    if (!is_whole || digits.front() == '-') {
        refuse(text, mad::format("\"{}\" must be followed by a number and nothing else.",
                                 offset.front()));
    }
    return is_negative ? -number : number;
}

}  // namespace

Target parse_target(std::string_view text) {
    check_signs(text);
    Target target{.text = std::string(text), .branch = {}, .symbol = {}, .offset = {}};

    std::string_view rest = text;
    if (const auto at = rest.find('@'); at != std::string_view::npos) {
        const std::string_view branch = rest.substr(0, at);
        if (branch.find_first_of("+-") != std::string_view::npos) {
            refuse(text, "What stands before \"@\" must be a label, an id or a prefix of one.");
        }
        if (!branch.empty()) target.branch = branch;  // "@head" is "head"
        rest.remove_prefix(at + 1);
    }
    if (rest.empty()) refuse(text, "Nothing stands after \"@\".");
    if (std::ranges::any_of(rest, is_foreign) ||
        (target.branch && std::ranges::any_of(*target.branch, is_foreign))) {
        refuse(text, "It holds a character that no id, label or number has.");
    }

    const auto sign = std::min(rest.find_first_of("+-"), rest.size());
    target.symbol = rest.substr(0, sign);
    if (sign < rest.size()) target.offset = parse_offset(text, rest.substr(sign));
    return target;
}

std::vector<Target> parse_targets(std::string_view text) {
    std::vector<Target> targets;
    for (const std::string& item : split(text, ',')) targets.push_back(parse_target(trim(item)));
    if (targets.empty()) refuse(text, "It is empty.");
    return targets;
}

OfflineRange split_range(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return {.from = {}, .to = std::string(text)};
    if (text.find(':', colon + 1) != std::string_view::npos) {
        throw Failure(Code::invalid_target, mad::format("invalid range \"{}\"", text),
                      "It has more than one colon.",
                      "Write from:to; either side may be left out, as in ':head' or 'base:'.");
    }
    return {.from = std::string(text.substr(0, colon)), .to = std::string(text.substr(colon + 1))};
}

}  // namespace mad
