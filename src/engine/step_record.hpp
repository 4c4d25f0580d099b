// The record of a step that ran in one transaction: version rows, history, published heads.
#pragma once

#include <string>

#include "engine/journey.hpp"
#include "engine/kit.hpp"

namespace mad {

/// SQL for the transaction of the step. `before` are the heads it starts from.
std::string step_record_sql(const Journey& journey, const Step& step, const std::string& checksum,
                            Heads before);

}  // namespace mad
