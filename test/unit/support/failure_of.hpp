// The report of the failure that a body throws.
#pragma once

#include <gtest/gtest.h>

#include "core/failure.hpp"

namespace mad::test {

template <typename Body>
Report failure_of(Body body) {
    try {
        body();
    } catch (const Failure& failure) {
        return failure.report();
    }
    ADD_FAILURE() << "nothing was thrown";
    return {};
}

}  // namespace mad::test
