// Answers questions about graphs, line by line, for comparison with the real Alembic.
//
// Fields are separated by tabs, list items by commas. A blank line starts a new graph:
//
//     revision  <id>  <down_revisions>  <depends_on>  <labels>
//     graph
//
// The second ends it; its answer is "ok". The questions, and what follows "ok" in the answers:
//
//     upgrade|downgrade|stamp|purge  <rows>  <target>     steps, as revision:deletes:inserts
//     history  <rows>  <range>                            revisions
//     tips  <rows>                                        revisions
//     labels  <id>                                        labels
//     parents  <target>                                   revisions, for a new one that is spliced
//
// An error is answered with "error", its SQLSTATE and its message.
#include <algorithm>
#include <iostream>
#include <optional>
#include <string>

#include "core/failure.hpp"
#include "core/format.hpp"
#include "core/history.hpp"
#include "core/plan.hpp"
#include "core/target.hpp"
#include "core/text.hpp"

namespace mad {
namespace {

using Fields = std::vector<std::string>;

Heads heads_of(const std::string& list) {
    const std::vector<std::string> items = split(list, ',');
    return {items.begin(), items.end()};
}

std::string answer(const std::vector<std::string>& items) {
    std::string line = "ok";
    for (const std::string& item : items) line += "\t" + item;
    return line;
}

std::string answer(const RevisionGraph& graph, const std::vector<Node>& nodes) {
    std::vector<std::string> ids;
    for (const Node node : nodes) ids.push_back(graph[node].id);
    return answer(ids);
}

std::string answer(const std::vector<Step>& steps) {
    std::vector<std::string> items;
    for (const Step& step : steps) {
        items.push_back(mad::format("{}:{}:{}", step.revision, join(step.rows.deletes, ","),
                                    join(step.rows.inserts, ",")));
    }
    return answer(items);
}

std::string ask(const RevisionGraph& graph, const Fields& fields) {
    const std::string& question = fields[0];
    if (question == "labels") return answer(graph.shown_labels(graph.find_id(fields[1]).value()));
    if (question == "parents") return answer(graph, resolve_parents(graph, fields[1], true));
    const Heads rows = heads_of(fields[1]);
    if (question == "tips") return answer(graph, current_tips(graph, rows));
    if (question == "history") return answer(graph, history_range(graph, rows, fields[2]));
    if (question == "purge") return answer(plan_stamp(graph, rows, fields[2], true));
    return answer(make_plan(graph, rows, direction_named(question), fields[2]));
}

class Oracle {
 public:
    /// What to print for the line; nothing where no answer is due.
    std::optional<std::string> read(const std::string& line) {
        if (line.empty()) {
            revisions_.clear();
            graph_.reset();
            return std::nullopt;
        }
        Fields fields = split(line, '\t');
        fields.resize(std::max<std::size_t>(fields.size(), 5));
        if (fields[0] == "revision") {
            revisions_.push_back(
                {fields[1], split(fields[2], ','), split(fields[3], ','), split(fields[4], ',')});
            return std::nullopt;
        }
        try {
            if (fields[0] != "graph") return ask(graph_.value(), fields);
            graph_.emplace(std::move(revisions_));
            return "ok";
        } catch (const Failure& failure) {
            return mad::format("error\t{}\t{}", failure.report().sqlstate,
                               failure.report().message);
        }
    }

 private:
    std::vector<Revision> revisions_;
    std::optional<RevisionGraph> graph_;
};

}  // namespace
}  // namespace mad

int main() {
    mad::Oracle oracle;
    for (std::string line; std::getline(std::cin, line);) {
        if (const auto answer = oracle.read(line)) std::cout << *answer << '\n';
    }
}
