// What a statement that calls the kit's helpers asks of the way a script is run.
#include "server/parser_helpers.hpp"

#include "server/boundary.hpp"
#include "server/compat.hpp"

namespace mad::pg {

namespace {

bool is_of_kit(const List* name) {
    return list_length(name) == 2 && std::strcmp(strVal(linitial(name)), "mad_migrate") == 0;
}

const char* text_of(const ::Node* argument) {
    if (!IsA(argument, A_Const)) return nullptr;
    const auto* const constant = reinterpret_cast<const A_Const*>(argument);
    if (constant->isnull || !IsA(&constant->val, String)) return nullptr;
    return strVal(&constant->val);
}

/// Of add_enum_value(name, value, ...), where it is written out.
const char* second_argument(const List* arguments) {
    ListCell* cell;
    foreach (cell, arguments) {
        const auto* const argument = static_cast<const ::Node*>(lfirst(cell));
        if (IsA(argument, NamedArgExpr)) {
            const auto* const named = reinterpret_cast<const NamedArgExpr*>(argument);
            if (std::strcmp(named->name, "value") == 0) {
                return text_of(reinterpret_cast<const ::Node*>(named->arg));
            }
        } else if (foreach_current_index(cell) == 1) {
            return text_of(argument);
        }
    }
    return nullptr;
}

/// A walker, called by the server's own: true ends the walk.
bool find_added_value(::Node* node, void* found) {
    if (node == nullptr) return false;
    if (IsA(node, FuncCall)) {
        const auto* const function = reinterpret_cast<const FuncCall*>(node);
        if (is_of_kit(function->funcname) &&
            std::strcmp(strVal(lsecond(function->funcname)), "add_enum_value") == 0) {
            *static_cast<const char**>(found) = second_argument(function->args);
            return true;
        }
    }
    return walk_raw_tree(node, find_added_value, found);
}

}  // namespace

bool calls_kit_procedure(const ::Node* statement) {
    return IsA(statement, CallStmt) &&
           is_of_kit(reinterpret_cast<const CallStmt*>(statement)->funccall->funcname);
}

std::optional<std::string> added_enum_value(::Node* statement) {
    const char* value = nullptr;
    if (IsA(statement, AlterEnumStmt)) {
        const auto* const change = reinterpret_cast<const AlterEnumStmt*>(statement);
        if (change->oldVal == nullptr) value = change->newVal;
    } else if (IsA(statement, SelectStmt)) {
        call([&] { find_added_value(statement, static_cast<void*>(&value)); });
    }
    if (value == nullptr) return std::nullopt;
    return std::string(value);
}

}  // namespace mad::pg
