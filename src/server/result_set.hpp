// The rows of a set-returning function, given as text and read by the columns' own input functions.
#pragma once

#include <string>

#include "engine/executor.hpp"
#include "server/boundary.hpp"

namespace mad::pg {

class ResultSet {
 public:
    explicit ResultSet(FunctionCallInfo call_info);
    void add(const Row& row);

 private:
    void refuse_other_shape(std::size_t columns) const;

    ReturnSetInfo* info_;
    AttInMetadata* columns_;
    MemoryContext row_context_;
};

Cell bool_cell(bool value);

/// A text[] cell.
template <typename Range>
Cell array_cell(const Range& items) {
    std::string literal = "{";
    for (const std::string& item : items) {
        if (literal.size() > 1) literal += ',';
        literal += '"';
        for (const char c : item) {
            if (c == '"' || c == '\\') literal += '\\';
            literal += c;
        }
        literal += '"';
    }
    return literal + '}';
}

}  // namespace mad::pg
