// Trigger functions: an organization's database comes and goes with the organization's row.
#include "core/quote.hpp"
#include "core/text.hpp"
#include "server/claim.hpp"
#include "server/deprovision.hpp"
#include "server/organizations.hpp"
#include "server/provision.hpp"
#include "server/spi.hpp"

namespace mad::pg {

namespace {

/// The row that a trigger fired for, and the words in CREATE TRIGGER ... EXECUTE FUNCTION f(...).
class Firing {
 public:
    Firing(FunctionCallInfo fcinfo, const char* function) : function_(function) {
        // CALLED_AS_TRIGGER names a type Node, of which there are two here.
        const auto* const context = fcinfo->context;
        if (context == nullptr || context->type != T_TriggerData) {
            refuse("can only be called as a trigger");
        }
        data_ = reinterpret_cast<TriggerData*>(fcinfo->context);
        if (!TRIGGER_FIRED_AFTER(data_->tg_event) || !TRIGGER_FIRED_FOR_ROW(data_->tg_event)) {
            refuse("must be fired AFTER, FOR EACH ROW");
        }
    }

    [[noreturn]] void refuse(const char* what) const {
        throw Failure(Code::invalid_parameter,
                      mad::format("trigger function mad_migrate.{} {}", function_, what));
    }

    bool on_insert() const { return TRIGGER_FIRED_BY_INSERT(data_->tg_event); }
    bool on_update() const { return TRIGGER_FIRED_BY_UPDATE(data_->tg_event); }
    bool on_delete() const { return TRIGGER_FIRED_BY_DELETE(data_->tg_event); }
    bool has_condition() const { return data_->tg_trigger->tgqual != nullptr; }

    std::vector<std::string> words() const {
        char** const arguments = data_->tg_trigger->tgargs;
        return {arguments, arguments + data_->tg_trigger->tgnargs};
    }

    /// Of the new row where there is one.
    std::string value(const std::string& column) const {
        HeapTuple const tuple = on_update() ? data_->tg_newtuple : data_->tg_trigtuple;
        TupleDesc const description = RelationGetDescr(data_->tg_relation);
        const char* const name = column.c_str();
        const int number = call([&] { return SPI_fnumber(description, name); });
        if (number <= 0) {
            throw Failure(Code::invalid_parameter,
                          mad::format("table \"{}\" has no column \"{}\"",
                                      RelationGetRelationName(data_->tg_relation), column),
                          {}, "Name the column of the organization's id in CREATE TRIGGER.");
        }
        const char* const text = call([&] { return SPI_getvalue(tuple, description, number); });
        if (text == nullptr) {
            throw Failure(
                Code::invalid_parameter,
                mad::format("column \"{}\" holds no organization's id: it is null", column));
        }
        return text;
    }

 private:
    const char* function_;
    TriggerData* data_ = nullptr;
};

struct Words {
    std::string column = "id";
    std::optional<std::string> branch;
    std::string grace = "7 days";
    bool wait = false;
    bool force = false;
};

/// The column first, if it is named; then options in any order.
Words read_words(const Firing& firing, std::span<const std::string_view> options) {
    Words words;
    bool first = true;
    for (const std::string& word : firing.words()) {
        const std::string_view name = std::string_view(word).substr(0, word.find('='));
        const bool is_option = std::find(options.begin(), options.end(), name) != options.end();
        const std::string value = word.substr(std::min(name.size() + 1, word.size()));
        if (is_option && name == "branch") {
            words.branch = value;
        } else if (is_option && name == "grace") {
            words.grace = value;
        } else if (is_option && name == "wait") {
            words.wait = true;
        } else if (is_option && name == "force") {
            words.force = true;
        } else if (first) {
            words.column = word;
        } else {
            throw Failure(Code::invalid_parameter,
                          mad::format("unknown trigger argument \"{}\"", word), {},
                          mad::format("The first argument names the column of the organization's "
                                      "id; others are {}.",
                                      join(options, ", ")));
        }
        first = false;
    }
    return words;
}

void provision_inserted(const Firing& firing) {
    constexpr std::array<std::string_view, 2> options{"wait", "branch"};
    if (!firing.on_insert()) firing.refuse("must be fired by INSERT");
    const Words words = read_words(firing, options);
    const std::optional<Branch> branch = find_branch_of_many(words.branch);
    if (!branch) return;  // dropped, where nobody wants such databases
    const std::string id = firing.value(words.column);
    if (words.wait) {
        provision(*branch, id);
    } else {
        provision_or_queue(*branch, id);
    }
}

void deprovision_deleted(const Firing& firing) {
    constexpr std::array<std::string_view, 3> options{"grace", "force", "branch"};
    if (firing.on_insert()) firing.refuse("must be fired by DELETE or UPDATE");
    if (firing.on_update() && !firing.has_condition()) {
        firing.refuse("needs a WHEN condition to be fired by UPDATE");
    }
    const Words words = read_words(firing, options);
    const std::optional<Branch> branch = find_branch_of_many(words.branch);
    if (!branch) return;
    deprovision_if_there(*branch, firing.value(words.column), {words.grace, words.force});
}

}  // namespace

}  // namespace mad::pg

using namespace mad::pg;

MAD_SQL_FUNCTION(mad_migrate_provision_on_insert) {
    provision_inserted(Firing(fcinfo, "provision_on_insert"));
    return PointerGetDatum(nullptr);
}

MAD_SQL_FUNCTION(mad_migrate_deprovision_on_delete) {
    deprovision_deleted(Firing(fcinfo, "deprovision_on_delete"));
    return PointerGetDatum(nullptr);
}

MAD_SQL_FUNCTION(mad_migrate_note_arrival) {
    const Firing firing(fcinfo, "note_arrival");
    note_arrival(firing.value("branch"), firing.value("database"));
    return PointerGetDatum(nullptr);
}
