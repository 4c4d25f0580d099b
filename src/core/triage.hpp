// Which databases have something to do, judged by their heads alone.
#pragma once

#include <map>
#include <string>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"

namespace mad {

class Triage {
 public:
    /// Both must outlive it. Throws the Failure of a target that no database could reach.
    Triage(const RevisionGraph& graph, Direction direction, std::string target);

    /// True where the plan is empty. False also where there is none: the database itself shall say
    /// why.
    bool is_there(const Heads& heads);

 private:
    bool has_empty_plan(const Heads& heads) const;

    const RevisionGraph& graph_;
    Direction direction_;
    std::string target_;
    std::map<Heads, bool> seen_;  // most databases of a fleet are at one of a few places
};

}  // namespace mad
