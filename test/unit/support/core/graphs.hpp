// Small revision graphs, and plans written in a line.
#pragma once

#include <initializer_list>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan.hpp"
#include "core/revision_graph.hpp"

namespace mad::test {

using Names = std::vector<std::string>;

/// Views, for they are made in hundreds of places.
using Ids = std::initializer_list<std::string_view>;

Revision revision(std::string_view id, Ids down = {}, Ids depends_on = {}, Ids labels = {});

/// Each revises the one before.
std::vector<Revision> chain(const Names& ids);

/// a; two lines b-c (label left) and x-y (label right) over it; m merges c and y.
RevisionGraph diamond();

/// Two lines of their own: app (a1-a2-a3) and lib (l1-l2); a2 depends on l2 by its label.
RevisionGraph two_bases();

/// Ids with a blank between them.
std::string text_of(const RevisionGraph& graph, std::span<const Node> nodes);
std::string text_of(const RevisionGraph& graph, const NodeSet& set);

/// `b a>b; c >c`: each step's revision, the rows it deletes and the rows it inserts.
std::string text_of(const std::vector<Step>& steps);

std::string text_of(const Heads& heads);

Heads rows_after(Heads rows, const std::vector<Step>& steps);

/// Branches, merges, several bases, dependencies, redundant parents; ids are r0, r1 and so on, in
/// any order.
std::vector<Revision> random_revisions(std::mt19937& random);

}  // namespace mad::test
