// RFC 5256 §3, REFERENCES. The steps are the RFC's; two things are done otherwise, to the same end:
//
// - Nobody is sorted but once: letters are taken in the order of their dates whenever children are gathered,
// so
//   each set of siblings comes out in that order, and a place without a letter stands where its first child
//   does.
// - Dummies are not pruned one by one: a letter's parent is the nearest letter above it, and a dummy at the
// top
//   is kept if it holds more than one.

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "mailbox/order.h"
#include "mailbox/threads.h"

namespace pabal::mailbox {
namespace {

constexpr std::uint32_t kNone = ThreadKeys::kNone;

/// Step 1: who answers whom. A node is an id, or a letter whose id is no good.
class Links {
 public:
  Links(const ThreadKeys& keys, std::span<const std::uint32_t> slots)
      : parent_(keys.id_count(), kNone), children_(keys.id_count()), letter_(keys.id_count(), kNone) {
    for (std::uint32_t position = 0; position < slots.size(); ++position) {
      std::uint32_t node = keys.message_id(slots[position]);
      // No id, or one that an earlier letter has already: one of its own.
      if (node == kNone || letter_[node] != kNone) node = add_node();
      letter_[node] = position;
      node_of_.push_back(node);
    }
    tree_.resize(parent_.size());
    std::iota(tree_.begin(), tree_.end(), 0U);
    for (std::uint32_t position = 0; position < slots.size(); ++position) {
      link_letter(node_of_[position], keys.references(slots[position]));
    }
  }

  std::size_t size() const { return parent_.size(); }
  std::uint32_t parent(std::uint32_t node) const { return parent_[node]; }
  std::uint32_t letter(std::uint32_t node) const { return letter_[node]; }
  std::uint32_t node_of(std::uint32_t position) const { return node_of_[position]; }

 private:
  std::uint32_t add_node() {
    parent_.push_back(kNone);
    children_.push_back(0);
    letter_.push_back(kNone);
    return static_cast<std::uint32_t>(parent_.size() - 1);
  }

  void link_letter(std::uint32_t node, std::span<const std::uint32_t> references) {
    // Step 1.A
    for (std::size_t i = 1; i < references.size(); ++i) {
      if (parent_[references[i]] == kNone) link(references[i - 1], references[i]);
    }
    // Step 1.B
    const std::uint32_t answered = references.empty() ? kNone : references.back();
    if (parent_[node] == answered) return;
    if (parent_[node] != kNone) {
      --children_[parent_[node]];
      parent_[node] = kNone;
    }
    if (answered != kNone) link(answered, node);
  }

  /// Unless it would make a loop.
  void link(std::uint32_t above, std::uint32_t below) {
    if (above == below) return;
    const std::uint32_t tree_above = tree_of(above);
    const std::uint32_t tree_below = tree_of(below);
    // Only what hangs below can be above too. Trees that were one once count as one for good, so this walk
    // is rare, however deep threads are.
    if (tree_above == tree_below && children_[below] > 0) {
      for (std::uint32_t node = above; node != kNone; node = parent_[node]) {
        if (node == below) return;
      }
    }
    parent_[below] = above;
    ++children_[above];
    tree_[tree_below] = tree_above;
  }

  std::uint32_t tree_of(std::uint32_t node) {
    while (tree_[node] != node) {
      tree_[node] = tree_[tree_[node]];
      node = tree_[node];
    }
    return node;
  }

  std::vector<std::uint32_t> parent_;
  std::vector<std::uint32_t> children_;  ///< how many
  std::vector<std::uint32_t> letter_;    ///< the letter of this id; kNone: a dummy
  std::vector<std::uint32_t> node_of_;
  std::vector<std::uint32_t> tree_;
};

/// Letters have their positions as numbers here, dummies the numbers behind.
class Forest {
 public:
  Forest(const ThreadKeys& keys, std::span<const std::uint32_t> slots) : keys_(keys), slots_(slots) {
    std::vector<std::uint64_t> sent;
    for (const std::uint32_t slot : slots) sent.push_back(keys.sent(slot));
    by_date_ = sorted_positions(sent);
    parent_.assign(slots.size(), kNone);
  }

  /// Steps 2 and 3.
  void adopt(const Links& links) {
    std::vector<std::uint32_t> nearest(links.size(), kNone);  // letter at or above
    std::vector<std::uint32_t> top(links.size(), kNone);
    std::vector<std::uint32_t> path;
    for (std::uint32_t position = 0; position < slots_.size(); ++position) {
      path.clear();
      for (std::uint32_t node = links.node_of(position); node != kNone && top[node] == kNone;
           node = links.parent(node)) {
        path.push_back(node);
      }
      for (; !path.empty(); path.pop_back()) {
        const std::uint32_t node = path.back();
        const std::uint32_t above = links.parent(node);
        const std::uint32_t letter = links.letter(node);
        nearest[node] = letter != kNone ? letter : above == kNone ? kNone : nearest[above];
        top[node] = above == kNone ? node : top[above];
      }
    }
    std::vector<std::uint32_t> held(links.size());
    const auto above = [&](std::uint32_t position) {
      const std::uint32_t parent = links.parent(links.node_of(position));
      return parent == kNone ? kNone : nearest[parent];
    };
    for (std::uint32_t position = 0; position < slots_.size(); ++position) {
      parent_[position] = above(position);
      if (parent_[position] == kNone) ++held[top[links.node_of(position)]];
    }
    std::unordered_map<std::uint32_t, std::uint32_t> dummies;
    for (std::uint32_t position = 0; position < slots_.size(); ++position) {
      const std::uint32_t root = top[links.node_of(position)];
      if (parent_[position] != kNone || links.letter(root) != kNone || held[root] < 2) continue;
      const auto [dummy, added] = dummies.try_emplace(root, kNone);
      if (added) dummy->second = add_dummy();
      parent_[position] = dummy->second;
    }
  }

  /// Step 5.
  void merge_subjects() {
    const std::vector<Root> roots = roots_by_date();
    std::unordered_map<std::uint32_t, Root> table;
    for (const Root& root : roots) {
      const std::uint32_t subject = keys_.subject(slots_[root.first]);
      if (subject == ThreadKeys::kNoSubject) continue;
      const auto [found, added] = table.try_emplace(subject, root);
      if (added || is_dummy(found->second.number)) continue;
      if (is_dummy(root.number) || (is_answer(found->second.number) && !is_answer(root.number)))
        found->second = root;
    }
    for (const Root& root : roots) {
      const std::uint32_t subject = keys_.subject(slots_[root.first]);
      // Already below the dummy that was made for its subject?
      if (subject == ThreadKeys::kNoSubject || parent_[root.number] != kNone) continue;
      Root& other = table.at(subject);
      if (other.number != root.number) merge(root, other);
    }
  }

  /// Step 6, and the trees in the order in which they are read.
  std::vector<ThreadItem> items() const {
    const std::size_t numbers = parent_.size();
    std::vector<std::uint32_t> first_child(numbers, kNone), last_child(numbers, kNone), next(numbers, kNone);
    std::vector<std::uint32_t> roots;
    const auto append = [&](std::uint32_t number) {
      const std::uint32_t above = resolved(parent_[number]);
      if (above == kNone) return roots.push_back(number);
      (last_child[above] == kNone ? first_child[above] : next[last_child[above]]) = number;
      last_child[above] = number;
    };
    for (const std::uint32_t position : by_date_) {
      const std::uint32_t above = resolved(parent_[position]);
      if (above != kNone && is_dummy(above) && first_child[above] == kNone) append(above);
      append(position);
    }
    std::vector<ThreadItem> out;
    out.reserve(numbers);
    std::vector<std::pair<std::uint32_t, std::uint32_t>> open;  // what comes next, and its depth
    for (const std::uint32_t root : roots) {
      open.emplace_back(root, 0);
      while (!open.empty()) {
        const auto [number, depth] = open.back();
        open.pop_back();
        out.push_back({.position = is_dummy(number) ? ThreadItem::kNobody : number, .depth = depth});
        if (depth > 0 && next[number] != kNone) open.emplace_back(next[number], depth);
        if (first_child[number] != kNone) open.emplace_back(first_child[number], depth + 1);
      }
    }
    return out;
  }

 private:
  /// A tree at the top, and the letter that speaks for it: itself, or a dummy's first child.
  struct Root {
    std::uint32_t number;
    std::uint32_t first;
  };

  bool is_dummy(std::uint32_t number) const { return number >= slots_.size(); }
  bool is_answer(std::uint32_t number) const { return !is_dummy(number) && keys_.answered(slots_[number]); }
  std::uint32_t add_dummy() {
    parent_.push_back(kNone);
    return static_cast<std::uint32_t>(parent_.size() - 1);
  }
  /// A dummy that was merged hands its children to the one that took it.
  std::uint32_t resolved(std::uint32_t above) const {
    if (above == kNone || !is_dummy(above) || parent_[above] == kNone) return above;
    return parent_[above];
  }

  /// Step 4.
  std::vector<Root> roots_by_date() const {
    std::vector<bool> seen(parent_.size());
    std::vector<Root> roots;
    for (const std::uint32_t position : by_date_) {
      const std::uint32_t above = parent_[position];
      if (above != kNone && !is_dummy(above)) continue;
      const std::uint32_t root = above == kNone ? position : above;
      if (seen[root]) continue;
      seen[root] = true;
      roots.push_back({root, position});
    }
    return roots;
  }

  /// Step 5.C, its four cases.
  void merge(const Root& root, Root& other) {
    if (is_dummy(other.number)) {
      // For a dummy: its children become the other's.
      parent_[root.number] = other.number;
    } else if (is_answer(root.number) && !is_answer(other.number)) {
      parent_[root.number] = other.number;
    } else {
      const std::uint32_t dummy = add_dummy();
      parent_[root.number] = dummy;
      parent_[other.number] = dummy;
      other.number = dummy;
    }
  }

  const ThreadKeys& keys_;
  std::span<const std::uint32_t> slots_;
  std::vector<std::uint32_t> by_date_;
  std::vector<std::uint32_t> parent_;
};

}  // namespace

std::vector<ThreadItem> thread_by_references(const ThreadKeys& keys, std::span<const std::uint32_t> slots) {
  Forest forest(keys, slots);
  forest.adopt(Links(keys, slots));
  forest.merge_subjects();
  return forest.items();
}

}  // namespace pabal::mailbox
