// Prologue, script, record, COMMIT; and the arithmetic of where the script is among them.
#include "remote/script_message.hpp"

#include <algorithm>

namespace mad::remote {
namespace {

constexpr std::size_t forgetting_statements = 2;
// A default that an earlier script set would still shape the transaction, which has begun before it
// is forgotten: it is named in full.
constexpr std::string_view begin =
    "BEGIN TRANSACTION ISOLATION LEVEL READ COMMITTED READ WRITE NOT DEFERRABLE; ";

constexpr std::string_view commit = "COMMIT";
// The same number of statements, so that the record's rows come just before the last.
constexpr std::string_view savepoint_begin = "SAVEPOINT mad_migrate_step; ";
constexpr std::string_view savepoint_commit = "RELEASE SAVEPOINT mad_migrate_step";

// A savepoint ends with its transaction: a script that ended it fails at the release, before the
// record of it is made.
constexpr std::string_view savepoint = "mad_migrate_script";
constexpr std::string_view savepoint_gone = "3B001";
constexpr std::string_view not_in_transaction = "25P01";

// The line break ends a comment at the end of the text before.
constexpr std::string_view end_of_part = "\n;\n";
constexpr std::string_view next = "; ";

std::size_t characters_in(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool ended_its_transaction(const Report& report) {
    return report.sqlstate == not_in_transaction ||
           (report.sqlstate == savepoint_gone &&
            report.message.find(savepoint) != std::string::npos);
}

}  // namespace

ScriptMessage::ScriptMessage(std::string_view script, std::string_view record,
                             Transaction transaction) {
    const bool is_own = transaction == Transaction::own;
    text_.append(forget_settings).append(next);
    text_ += is_own ? begin : savepoint_begin;
    statements_before_ = forgetting_statements + 1;
    if (!script.empty()) {
        text_.append("SAVEPOINT ").append(savepoint).append(";\n");
        ++statements_before_;
        characters_before_ = text_.size();
        script_characters_ = characters_in(script);
        text_.append(script).append(end_of_part);
        text_.append("RELEASE SAVEPOINT ").append(savepoint).append(next);
        text_.append(forget_settings).append(next);
    }
    text_.append(take_own_path).append(next);
    if (!record.empty()) text_.append(record).append(end_of_part);
    text_ += is_own ? commit : savepoint_commit;
}

Report ScriptMessage::in_script(Report report) const {
    const std::size_t completed = report.completed_statements.value_or(0);
    report.completed_statements = completed - std::min(completed, statements_before_);
    const auto position = static_cast<std::size_t>(report.position);
    const bool is_in_script =
        position > characters_before_ && position <= characters_before_ + script_characters_;
    report.position = is_in_script ? static_cast<int>(position - characters_before_) : 0;
    if (ended_its_transaction(report)) {
        report.detail = "The server said: " + report.message + ".";
        report.message = "script ended the transaction that it runs in";
        report.hint = "Remove BEGIN, COMMIT and ROLLBACK from it; what it committed remains.";
    }
    return report;
}

}  // namespace mad::remote
