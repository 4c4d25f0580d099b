// The only place that knows PostgreSQL versions: newer names, back-filled for older servers.
#pragma once

#include "server/prelude.hpp"

#if PG_VERSION_NUM < 150000
#error "mad_migrate needs PostgreSQL 15 or later"
#endif

namespace mad::pg {

/// A wait set that belongs to no resource owner: its C++ owner frees it.
inline WaitEventSet* create_wait_event_set(int events) {
#if PG_VERSION_NUM >= 170000
    return CreateWaitEventSet(nullptr, events);
#else
    return CreateWaitEventSet(TopMemoryContext, events);
#endif
}

/// The walker is called for each node below; true from it ends the walk.
inline bool walk_raw_tree(::Node* node, bool (*walker)(::Node*, void*), void* context) {
#if PG_VERSION_NUM >= 160000
    return raw_expression_tree_walker(node, walker, context);
#else
    // Declared without its arguments, as C allows.
    const auto untyped = reinterpret_cast<void (*)()>(walker);
    return raw_expression_tree_walker(node, reinterpret_cast<bool (*)()>(untyped), context);
#endif
}

/// nullptr where the process has ended.
inline PGPROC* process_of(const VirtualTransactionId& transaction) {
#if PG_VERSION_NUM >= 170000
    return ProcNumberGetProc(transaction.procNumber);
#else
    return BackendIdGetProc(transaction.backendId);
#endif
}

}  // namespace mad::pg
