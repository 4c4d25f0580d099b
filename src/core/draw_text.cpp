// The graph as git draws a log: one column for each line that is still open.
#include <algorithm>

#include "core/caption.hpp"
#include "core/format.hpp"
#include "core/history.hpp"
#include "core/revision_order.hpp"

namespace mad {
namespace {

/// A column waits for a revision further down. Columns lie two characters apart.
class Canvas {
 public:
    void draw(const RevisionGraph& graph, const GraphLabels& labels, Node node) {
        const std::size_t at = column_of(node);
        add_revision_row(at, describe(graph, labels, node));
        const auto parents = graph.parents(node);
        if (parents.empty()) {
            close(at);
            return;
        }
        columns_[at] = parents.front();
        for (std::size_t i = 1; i < parents.size(); ++i) fork(at + i - 1, parents[i]);
        for (const Node parent : parents) join(parent);
    }

    std::string take() { return std::move(text_); }

 private:
    /// A head has no column yet.
    std::size_t column_of(Node node) {
        const auto found = std::ranges::find(columns_, node);
        const auto at = static_cast<std::size_t>(found - columns_.begin());
        if (found == columns_.end()) columns_.push_back(node);
        return at;
    }

    static std::string describe(const RevisionGraph& graph, const GraphLabels& labels, Node node) {
        Caption caption = caption_of(graph, labels, node);
        const std::vector<Node> dependencies = only_dependencies(graph, node);
        if (!dependencies.empty()) {
            caption.title += mad::format(" (depends on {})", name_list(graph, dependencies));
        }
        if (!caption.message.empty()) caption.title += ", " + caption.message;
        return caption.title;
    }

    std::string bars(std::size_t count) const {
        std::string row(2 * columns_.size() + 1, ' ');
        for (std::size_t i = 0; i < count; ++i) row[2 * i] = '|';
        return row;
    }

    void add_row(std::string row) {
        row.erase(row.find_last_not_of(' ') + 1);
        text_ += row;
        text_ += '\n';
    }

    void add_revision_row(std::size_t at, std::string_view description) {
        std::string row = bars(columns_.size());
        row[2 * at] = '*';
        row.pop_back();
        add_row(row.append(description));
    }

    /// Opens a column to the right of `at`.
    void fork(std::size_t at, Node parent) {
        std::string row = bars(at + 1);
        for (std::size_t i = at; i < columns_.size(); ++i) row[2 * i + 1] = '\\';
        add_row(std::move(row));
        columns_.insert(columns_.begin() + static_cast<std::ptrdiff_t>(at) + 1, parent);
    }

    /// Leads the second of two columns that wait for the same revision into the first.
    void join(Node parent) {
        const auto first = std::ranges::find(columns_, parent);
        const auto second = std::find(std::next(first), columns_.end(), parent);
        if (second == columns_.end()) return;
        const auto into = static_cast<std::size_t>(first - columns_.begin());
        const auto at = static_cast<std::size_t>(second - columns_.begin());
        std::string row = bars(at);
        for (std::size_t i = into; i + 1 < at; ++i) row[2 * i + 1] = '_';
        row[2 * at - 1] = '/';
        remove_column(at, std::move(row));
    }

    void close(std::size_t at) {
        if (at + 1 == columns_.size()) {
            columns_.pop_back();
            return;
        }
        remove_column(at, bars(at));
    }

    /// The columns to the right of it move up.
    void remove_column(std::size_t at, std::string row) {
        for (std::size_t i = at + 1; i < columns_.size(); ++i) row[2 * i - 1] = '/';
        add_row(std::move(row));
        columns_.erase(columns_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    std::vector<Node> columns_;
    std::string text_;
};

}  // namespace

std::string draw_text(const RevisionGraph& graph, const GraphLabels& labels) {
    Canvas canvas;
    for (const Node node : newest_first(graph)) canvas.draw(graph, labels, node);
    return canvas.take();
}

}  // namespace mad
