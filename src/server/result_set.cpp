// The rows of a set-returning function, given as text and read by the columns' own input functions.
#include "server/result_set.hpp"

namespace mad::pg {

ResultSet::ResultSet(FunctionCallInfo call_info)
    : info_(reinterpret_cast<ReturnSetInfo*>(call_info->resultinfo)) {
    call([&] {
        InitMaterializedSRF(call_info, MAT_SRF_USE_EXPECTED_DESC);
        columns_ = TupleDescGetAttInMetadata(info_->setDesc);
        row_context_ = AllocSetContextCreate(CurrentMemoryContext, "mad_migrate result row",
                                             ALLOCSET_DEFAULT_SIZES);
    });
}

/// A module that was replaced under an extension that was not updated.
void ResultSet::refuse_other_shape(std::size_t columns) const {
    const auto expected = static_cast<std::size_t>(columns_->tupdesc->natts);
    if (columns == expected) return;
    throw Failure(
        Code::internal, "mad_migrate's module and its SQL functions do not fit each other",
        mad::format("The module gives {} columns, the function has {}.", columns, expected),
        "Run ALTER EXTENSION mad_migrate UPDATE, or install the module of its version.");
}

void ResultSet::add(const Row& row) {
    refuse_other_shape(row.size());
    std::vector<char*> values;
    values.reserve(row.size());
    for (const Cell& cell : row) {
        values.push_back(cell ? const_cast<char*>(cell->c_str()) : nullptr);
    }
    char** const texts = values.data();
    call([&] {
        MemoryContext const caller = MemoryContextSwitchTo(row_context_);
        HeapTuple const tuple = BuildTupleFromCStrings(columns_, texts);
        tuplestore_puttuple(info_->setResult, tuple);
        MemoryContextSwitchTo(caller);
        MemoryContextReset(row_context_);
    });
}

Cell bool_cell(bool value) {
    return value ? "true" : "false";
}

}  // namespace mad::pg
