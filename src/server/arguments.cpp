// The arguments of an SQL function as C++ values.
#include "server/arguments.hpp"

namespace mad::pg {

namespace {

[[noreturn]] void refuse_null(const char* name) {
    throw Failure(Code::invalid_parameter, mad::format("parameter \"{}\" must not be null", name));
}

std::string string_of(Datum datum) {
    const char* const copy = call([&] { return TextDatumGetCString(datum); });
    return copy;
}

struct Elements {
    Datum* values;
    bool* nulls;
    int count;
};

}  // namespace

std::optional<std::string> Arguments::optional_text(int index) const {
    if (is_null(index)) return std::nullopt;
    return string_of(call_info_->args[index].value);
}

std::string Arguments::text(int index, const char* name) const {
    if (is_null(index)) refuse_null(name);
    return string_of(call_info_->args[index].value);
}

std::optional<std::vector<std::string>> Arguments::optional_texts(int index,
                                                                  const char* name) const {
    if (is_null(index)) return std::nullopt;
    const Datum datum = call_info_->args[index].value;
    const Elements elements = call([&] {
        Elements parts{};
        deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT,
                          &parts.values, &parts.nulls, &parts.count);
        return parts;
    });
    std::vector<std::string> items;
    items.reserve(static_cast<std::size_t>(elements.count));
    for (int i = 0; i < elements.count; ++i) {
        if (elements.nulls[i]) {
            throw Failure(Code::invalid_parameter,
                          mad::format("parameter \"{}\" must not contain nulls", name));
        }
        items.push_back(string_of(elements.values[i]));
    }
    return items;
}

std::vector<std::string> Arguments::texts(int index, const char* name) const {
    std::optional<std::vector<std::string>> items = optional_texts(index, name);
    if (!items) refuse_null(name);
    return *std::move(items);
}

std::optional<int> Arguments::optional_integer(int index) const {
    if (is_null(index)) return std::nullopt;
    return DatumGetInt32(call_info_->args[index].value);
}

std::int64_t Arguments::big_integer(int index, const char* name) const {
    if (is_null(index)) refuse_null(name);
    return DatumGetInt64(call_info_->args[index].value);
}

bool Arguments::boolean(int index, const char* name) const {
    if (is_null(index)) refuse_null(name);
    return DatumGetBool(call_info_->args[index].value);
}

Oid Arguments::oid(int index, const char* name) const {
    if (is_null(index)) refuse_null(name);
    return DatumGetObjectId(call_info_->args[index].value);
}

Datum text_datum(const std::string& text) {
    const char* const bytes = text.data();
    const int length = static_cast<int>(text.size());
    return call([&] { return PointerGetDatum(cstring_to_text_with_len(bytes, length)); });
}

}  // namespace mad::pg
