// The arguments of an SQL function as C++ values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/boundary.hpp"

namespace mad::pg {

class Arguments {
 public:
    explicit Arguments(FunctionCallInfo call_info) : call_info_(call_info) {}

    /// Throws Failure(invalid_parameter) for NULL; `name` is the parameter's.
    std::string text(int index, const char* name) const;
    std::optional<std::string> optional_text(int index) const;
    /// NULL members are refused.
    std::vector<std::string> texts(int index, const char* name) const;
    std::optional<std::vector<std::string>> optional_texts(int index, const char* name) const;
    std::optional<int> optional_integer(int index) const;
    std::int64_t big_integer(int index, const char* name) const;
    bool boolean(int index, const char* name) const;
    Oid oid(int index, const char* name) const;

 private:
    bool is_null(int index) const { return call_info_->args[index].isnull; }

    FunctionCallInfo call_info_;
};

Datum text_datum(const std::string& text);

}  // namespace mad::pg
