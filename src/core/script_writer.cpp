// A new script's text.
#include <algorithm>
#include <optional>
#include <tuple>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/script.hpp"
#include "core/script_header.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

void write_field(std::string& out, std::string_view key, std::string_view value) {
    out += mad::format("{}:{}{}\n", key, value.empty() ? "" : " ", value);
}

void write_optional_field(std::string& out, std::string_view key, std::string_view value) {
    if (!value.empty()) write_field(out, key, value);
}

std::string list_of(const std::vector<Requirement>& requirements) {
    std::vector<std::string> items;
    items.reserve(requirements.size());
    for (const auto& [branch, revision] : requirements) {
        items.push_back(mad::format("{}@{}", branch, revision));
    }
    return join(items, ", ");
}

void write_header(std::string& out, const Script& script) {
    const Revision& revision = script.revision;
    out += "/*\n";
    if (!script.message.empty()) out += script.message + "\n\n";
    write_field(out, header_key::revision_id, revision.id);
    write_field(out, header_key::revises, join(revision.down_revisions, ", "));
    write_field(out, header_key::branch_labels, join(revision.labels, ", "));
    write_field(out, header_key::depends_on, join(revision.depends_on, ", "));
    write_optional_field(out, header_key::create_date, script.create_date);
    write_optional_field(out, header_key::needs, list_of(script.requirements));
    write_optional_field(out, header_key::transaction, script.transactional ? "" : "off");
    write_optional_field(out, header_key::irreversible, script.irreversible.value_or(""));
    out += "*/\n";
}

/// As parse_script would give the script back.
Script tidy(Script script) {
    script.message = one_line(script.message);
    script.create_date = one_line(script.create_date);
    if (script.irreversible) script.irreversible = one_line(*script.irreversible);
    for (Section& section : script.sections) {
        section.body = std::string(trim_blank_lines(section.body));
    }
    return script;
}

bool is_same(const Requirement& a, const Requirement& b) {
    return std::tie(a.branch, a.revision) == std::tie(b.branch, b.revision);
}

bool is_same(const Section& a, const Section& b) {
    return std::tie(a.direction, a.environment, a.body) ==
           std::tie(b.direction, b.environment, b.body);
}

bool is_same(const Script& a, const Script& b) {
    const auto same = [](const auto& x, const auto& y) { return is_same(x, y); };
    return std::tie(a.revision, a.message, a.create_date, a.transactional, a.irreversible) ==
               std::tie(b.revision, b.message, b.create_date, b.transactional, b.irreversible) &&
           std::ranges::equal(a.requirements, b.requirements, same) &&
           std::ranges::equal(a.sections, b.sections, same);
}

}  // namespace

std::string write_script(const Script& script) {
    const Script tidied = tidy(script);
    std::string text;
    write_header(text, tidied);
    for (const Section& section : tidied.sections) {
        text += mad::format("\n-- migrate:{}\n{}{}", section.name(), section.body,
                            section.body.empty() ? "" : "\n");
    }
    if (!is_same(parse_script(text, {}), tidied)) {
        throw Failure(Code::invalid_script, "script would not read as it was written",
                      "A part of it looks like a header key or like a section marker.",
                      "Reword the message, or correct the statements.");
    }
    return text;
}

}  // namespace mad
