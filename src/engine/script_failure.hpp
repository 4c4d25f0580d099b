// Errors of a script's statements, told where they happened as psql tells it.
#pragma once

#include <cstddef>
#include <string>

#include "core/failure.hpp"
#include "core/plan.hpp"
#include "engine/script_source.hpp"

namespace mad {

struct Whereabouts {
    const std::string& branch;
    const Step& step;
    const std::string& database;
};

/// Of a script that ran as one batch: the failure says itself how many statements had completed.
Failure located(const Failure& failure, const RunnableScript& script);
/// Of one statement that ran on its own, perhaps with our record of it behind it.
Failure located_at(const Failure& failure, const RunnableScript& script, std::size_t statement);
/// Of whatever belongs to a step, the failures above included.
Failure located_in(const Failure& failure, const Whereabouts& where);

/// Which statement keeps a script out of a transaction, as a sentence for DETAIL.
std::string describe_untransactional(const RunnableScript& script);

}  // namespace mad
