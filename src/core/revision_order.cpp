// Depth first down one line to its branch point, then the next line: the order Alembic emits.
#include "core/revision_order.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <unordered_map>

namespace mad {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

/// Alembic keeps a list of current heads: one is emitted and its first parent takes its place, its
/// other parents are appended. So a place in that list is a slot that keeps its number for life,
/// and what lies below the head in a slot only ever shrinks. Where Alembic asks "is this head an
/// ancestor of another?" this counts children not yet emitted; where it then wants the first such
/// other head, it marks everything above the blocked head once and goes on through the slots.
class Sorter {
 public:
    Sorter(const RevisionGraph& graph, const NodeSet& set)
        : graph_(graph),
          set_(set),
          pending_children_(graph.size()),
          slot_of_(graph.size(), none),
          is_emitted_(graph.size()),
          mark_(graph.size()) {
        for (Node node = 0; node < graph.size(); ++node) {
            if (!set[node]) continue;
            for (const Node parent : graph.parents(node)) ++pending_children_[parent];
        }
    }

    std::vector<Node> sort(const std::vector<Node>& heads) {
        for (const Node head : heads) open_slot(head);
        std::uint32_t current = first_;
        while (current != none) {
            const Node candidate = slots_[current].head;
            if (pending_children_[candidate] > 0) {
                current = first_slot_above(candidate);
            } else {
                current = emit(current);
            }
        }
        return std::move(output_);
    }

 private:
    struct Slot {
        Node head;
        std::uint32_t previous;
        std::uint32_t next;
        bool is_open;
    };

    /// What is known of the heads above a blocked one.
    struct Blocked {
        std::uint32_t mark = 0;            // everything above carries it, or a later one
        std::vector<std::uint32_t> slots;  // ascending
        std::size_t at = 0;                // the slots before are done with
        std::uint32_t slots_known = 0;     // slots opened since are not looked at yet
    };

    void open_slot(Node head) {
        const auto slot = static_cast<std::uint32_t>(slots_.size());
        slots_.push_back({head, last_, none, true});
        (last_ == none ? first_ : slots_[last_].next) = slot;
        last_ = slot;
        slot_of_[head] = slot;
    }

    /// Returns the slot before it in the list, or else the first.
    std::uint32_t close_slot(std::uint32_t closed) {
        Slot& slot = slots_[closed];
        slot.is_open = false;
        (slot.previous == none ? first_ : slots_[slot.previous].next) = slot.next;
        (slot.next == none ? last_ : slots_[slot.next].previous) = slot.previous;
        return slot.previous == none ? first_ : slot.previous;
    }

    /// Returns the slot to look at next.
    std::uint32_t emit(std::uint32_t slot) {
        const Node node = slots_[slot].head;
        output_.push_back(node);
        is_emitted_[node] = true;
        bool is_replaced = false;
        for (const Node parent : graph_.parents(node)) {
            if (!set_[parent]) continue;
            --pending_children_[parent];
            if (slot_of_[parent] != none) continue;
            if (is_replaced) {
                open_slot(parent);
                continue;
            }
            is_replaced = true;
            slots_[slot].head = parent;
            slot_of_[parent] = slot;
        }
        return is_replaced ? slot : close_slot(slot);
    }

    std::uint32_t first_slot_above(Node node) {
        Blocked& blocked = blocked_[node];
        if (blocked.mark == 0) look_above(node, blocked);
        for (;;) {
            for (; blocked.at < blocked.slots.size(); ++blocked.at) {
                const Slot& slot = slots_[blocked.slots[blocked.at]];
                if (!slot.is_open || mark_[slot.head] < blocked.mark) continue;
                if (mark_[slot.head] == blocked.mark) return blocked.slots[blocked.at];
                break;
            }
            if (blocked.at < blocked.slots.size()) {
                look_above(node, blocked);  // another search marked over this one's
            } else {
                take_new_slots(blocked);
            }
        }
    }

    void take_new_slots(Blocked& blocked) {
        while (blocked.slots_known < slots_.size()) blocked.slots.push_back(blocked.slots_known++);
    }

    void look_above(Node node, Blocked& blocked) {
        blocked = {.mark = ++last_mark_,
                   .slots = {},
                   .slots_known = static_cast<std::uint32_t>(slots_.size())};
        std::vector<Node> to_visit{node};
        while (!to_visit.empty()) {
            const Node visited = to_visit.back();
            to_visit.pop_back();
            for (const Node child : graph_.children(visited)) {
                if (!set_[child] || is_emitted_[child] || mark_[child] == blocked.mark) continue;
                mark_[child] = blocked.mark;
                to_visit.push_back(child);
                if (slot_of_[child] != none) blocked.slots.push_back(slot_of_[child]);
            }
        }
        std::ranges::sort(blocked.slots);
    }

    const RevisionGraph& graph_;
    const NodeSet& set_;
    std::vector<std::uint32_t> pending_children_;  // members of the set not emitted yet
    std::vector<std::uint32_t> slot_of_;
    std::vector<bool> is_emitted_;
    std::vector<std::uint32_t> mark_;
    std::uint32_t last_mark_ = 0;
    std::vector<Slot> slots_;
    std::uint32_t first_ = none;
    std::uint32_t last_ = none;
    std::unordered_map<Node, Blocked> blocked_;
    std::vector<Node> output_;
};

}  // namespace

std::vector<Node> newest_first(const RevisionGraph& graph, const NodeSet& set,
                               std::vector<Node> heads) {
    std::erase_if(heads, [&](Node head) { return !set[head]; });
    std::ranges::sort(heads);
    heads.erase(std::ranges::unique(heads).begin(), heads.end());
    return Sorter(graph, set).sort(heads);
}

std::vector<Node> newest_first(const RevisionGraph& graph) {
    return newest_first(graph, NodeSet(graph.size(), true), graph.real_heads());
}

}  // namespace mad
