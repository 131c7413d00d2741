#include "mailbox/threads.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <numeric>
#include <random>

#include "message/envelope.h"

namespace pabal::mailbox {
namespace {

struct Letter {
  std::string id;
  std::string references = {};
  std::string subject = {};
  int sent = 0;
  std::string in_reply_to = {};
};

ThreadKeys keys_of(std::span<const Letter> letters) {
  ThreadKeys keys;
  for (const Letter& letter : letters) {
    message::Envelope envelope;
    if (!letter.id.empty()) envelope.message_id = letter.id;
    if (!letter.references.empty()) envelope.references = letter.references;
    if (!letter.in_reply_to.empty()) envelope.in_reply_to = letter.in_reply_to;
    envelope.subject = letter.subject;
    keys.add({.uid = Uid(1), .received = std::chrono::sys_seconds(std::chrono::seconds(letter.sent))},
             message::view_envelope(message::encode_envelope(envelope)).value());
  }
  return keys;
}

/// As IMAP writes it, but with a dummy as 0: `1(2 3)(4)`; positions from 1.
std::string shown(std::span<const ThreadItem> items) {
  std::string out;
  for (const ThreadItem& item : items) {
    out += std::string(out.empty()       ? ""
                       : item.depth == 0 ? " | "
                                         : " ") +
           std::string(item.depth, '>') +
           (item.position == ThreadItem::kNobody ? "0" : std::to_string(item.position + 1));
  }
  return out;
}

std::vector<std::uint32_t> all(std::size_t count) {
  std::vector<std::uint32_t> slots(count);
  std::iota(slots.begin(), slots.end(), 0U);
  return slots;
}

std::string by_references(std::span<const Letter> letters) {
  const ThreadKeys keys = keys_of(letters);
  return shown(thread_by_references(keys, all(letters.size())));
}

TEST(Threads, ByReferences) {
  const struct {
    const char* name;
    std::vector<Letter> letters;
    const char* want;
  } kRows[] = {
      {"a thread",
       {{"<a>", "", "x", 1}, {"<b>", "<a>", "Re: x", 2}, {"<c>", "<a> <b>", "Re: x", 3}},
       "1 >2 >>3"},
      {"siblings by date", {{"<a>", "", "x", 1}, {"<b>", "<a>", "", 3}, {"<c>", "<a>", "", 2}}, "1 >3 >2"},
      {"the answered letter is not here", {{"<b>", "<a>", "", 1}, {"<c>", "<a>", "", 2}}, "0 >1 >2"},
      {"and there is but one answer", {{"<b>", "<a>", "", 1}}, "1"},
      {"a missing one in the middle", {{"<a>", "", "", 1}, {"<c>", "<a> <b>", "", 2}}, "1 >2"},
      {"two missing above", {{"<c>", "<a> <b>", "", 1}, {"<d>", "<a> <b>", "", 2}}, "0 >1 >2"},
      {"In-Reply-To, its first", {{"<a>", "", "", 1}, {"<b>", "", "", 2, "<a> <z>"}}, "1 >2"},
      {"References before In-Reply-To",
       {{"<a>", "", "", 1}, {"<b>", "", "", 2}, {"<c>", "<b>", "", 3, "<a>"}},
       "1 | 2 >3"},
      {"quoted ids are the same", {{"<\"a\"@x>", "", "", 1}, {"<b@x>", "<a@x>", "", 2}}, "1 >2"},
      {"ids have case", {{"<a>", "", "", 1}, {"<b>", "<A>", "", 2}}, "1 | 2"},
      {"the same id twice: the first has it",
       {{"<a>", "", "", 1}, {"<a>", "", "", 2}, {"<b>", "<a>", "", 3}},
       "1 >3 | 2"},
      {"no id", {{"", "", "", 1}, {"", "", "", 2}}, "1 | 2"},
      {"a loop of two", {{"<a>", "<b>", "", 1}, {"<b>", "<a>", "", 2}}, "2 >1"},
      {"itself", {{"<a>", "<a>", "", 1}}, "1"},
      {"a cut References is mended by the letter's own",
       {{"<c>", "<a> <c>", "", 3}, {"<b>", "<a>", "", 2}, {"<d>", "<x> <c>", "", 4}, {"<c2>", "<b>", "", 5}},
       "2 >4 | 1 >3"},
      {"subjects join what nothing else does", {{"<a>", "", "x", 1}, {"<b>", "", "Re: x", 2}}, "1 >2"},
      {"two that begin: neither is the other's", {{"<a>", "", "x", 1}, {"<b>", "", "X", 2}}, "0 >1 >2"},
      {"an answer first", {{"<a>", "", "Re: x", 1}, {"<b>", "", "x", 2}}, "2 >1"},
      {"three of a subject", {{"<a>", "", "x", 1}, {"<b>", "", "x", 2}, {"<c>", "", "x", 3}}, "0 >1 >2 >3"},
      {"into a dummy of that subject",
       {{"<b>", "<a>", "x", 1}, {"<c>", "<a>", "x", 2}, {"<d>", "", "x", 3}},
       "0 >1 >2 >3"},
      {"two dummies of a subject",
       {{"<b>", "<a>", "x", 1}, {"<c>", "<a>", "x", 4}, {"<e>", "<d>", "x", 2}, {"<f>", "<d>", "x", 3}},
       "0 >1 >3 >4 >2"},
      {"no subject joins nothing", {{"<a>", "", "", 1}, {"<b>", "", "Re:", 2}}, "1 | 2"},
  };
  for (const auto& row : kRows) EXPECT_EQ(by_references(row.letters), row.want) << row.name;
}

TEST(Threads, OnlyOfTheLettersThatWereFound) {
  const std::vector<Letter> letters = {{"<a>", "", "x", 1},
                                       {"<b>", "<a>", "Re: x", 2},
                                       {"<c>", "<a> <b>", "Re: x", 3},
                                       {"<d>", "<a>", "Re: x", 4}};
  const ThreadKeys keys = keys_of(letters);
  EXPECT_EQ(shown(thread_by_references(keys, std::vector<std::uint32_t>{0, 2, 3})), "1 >2 >3");
  EXPECT_EQ(shown(thread_by_references(keys, std::vector<std::uint32_t>{2, 3})), "0 >1 >2");
  EXPECT_TRUE(thread_by_references(keys, {}).empty());
}

TEST(Threads, BySubject) {
  const std::vector<Letter> letters = {{"", "", "b", 5},     {"", "", "Re: a", 4}, {"", "", "a", 6},
                                       {"", "", "Re: B", 1}, {"", "", "", 2},      {"", "", "", 3}};
  const ThreadKeys keys = keys_of(letters);
  EXPECT_EQ(shown(thread_by_subject(keys, all(letters.size()))), "4 >1 | 5 >6 | 2 >3");
}

TEST(Threads, AsDeepAsTheFolderIsLong) {
  for (const bool backwards : {false, true}) {
    std::vector<Letter> letters;
    constexpr int kLetters = 50'000;
    for (int i = 0; i < kLetters; ++i) {
      const int n = backwards ? kLetters - i : i;
      letters.push_back({fmt::format("<{}>", n), n == 0 ? "" : fmt::format("<{}>", n - 1), "", n});
    }
    const ThreadKeys keys = keys_of(letters);
    const auto items = thread_by_references(keys, all(letters.size()));
    ASSERT_EQ(items.size(), letters.size());
    EXPECT_EQ(items.back().depth, std::uint32_t{kLetters - 1});
  }
}

// The RFC's steps one by one, as they are written there.
class Model {
 public:
  struct Node {
    int letter = -1;
    Node* parent = nullptr;
    std::vector<Node*> children;
  };

  explicit Model(std::span<const Letter> letters, const ThreadKeys& keys) : letters_(letters), keys_(keys) {
    std::vector<Node*> of;
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const std::uint32_t id = keys.message_id(static_cast<std::uint32_t>(i));
      Node* node = id == ThreadKeys::kNone ? nullptr : by_id(id);
      if (!node || node->letter >= 0) node = make();
      node->letter = static_cast<int>(i);
      of.push_back(node);
    }
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const auto references = keys.references(static_cast<std::uint32_t>(i));
      for (std::size_t r = 1; r < references.size(); ++r) {
        Node* below = by_id(references[r]);
        if (!below->parent) link(by_id(references[r - 1]), below);
      }
      if (of[i]->parent) unlink(of[i]);
      if (!references.empty()) link(by_id(references.back()), of[i]);
    }
    for (const auto& node : nodes_) {
      if (!node->parent) root_.children.push_back(node.get());
    }
    prune(&root_);
    sort(&root_, 1);
    for (Node* node : root_.children) {
      if (node->letter < 0) sort(node, 1);
    }
    sort(&root_, 1);
    gather();
    sort(&root_, 1'000'000);
  }

  std::string shown() const {
    std::vector<ThreadItem> items;
    for (const Node* node : root_.children) show(node, 0, items);
    return mailbox::shown(items);
  }

 private:
  Node* make() {
    nodes_.push_back(std::make_unique<Node>());
    return nodes_.back().get();
  }
  Node* by_id(std::uint32_t id) {
    Node*& node = ids_[id];
    if (!node) node = make();
    return node;
  }
  static void unlink(Node* node) {
    std::erase(node->parent->children, node);
    node->parent = nullptr;
  }
  static void link(Node* above, Node* below) {
    for (Node* node = above; node; node = node->parent) {
      if (node == below) return;
    }
    below->parent = above;
    above->children.push_back(below);
  }
  void prune(Node* above) {
    std::vector<Node*> kept;
    for (Node* node : above->children) {
      prune(node);
      if (node->letter >= 0 || (above == &root_ && node->children.size() > 1)) {
        kept.push_back(node);
      } else {
        kept.insert(kept.end(), node->children.begin(), node->children.end());
      }
    }
    above->children = kept;
  }
  std::pair<int, int> date(const Node* node) const {
    if (node->letter < 0) return date(node->children.front());
    return {letters_[static_cast<std::size_t>(node->letter)].sent, node->letter};
  }
  void sort(Node* above, int levels) {
    if (levels > 1) {
      for (Node* node : above->children) sort(node, levels - 1);
    }
    std::ranges::sort(above->children, {}, [&](Node* node) { return date(node); });
  }
  std::uint32_t subject(const Node* node) const {
    if (node->letter < 0) node = node->children.front();
    return keys_.subject(static_cast<std::uint32_t>(node->letter));
  }
  bool is_answer(const Node* node) const {
    return node->letter >= 0 && keys_.answered(static_cast<std::uint32_t>(node->letter));
  }
  void gather() {
    std::map<std::uint32_t, Node*> table;
    for (Node* node : root_.children) {
      if (subject(node) == 0) continue;
      Node*& held = table[subject(node)];
      if (!held || (held->letter >= 0 && (node->letter < 0 || (is_answer(held) && !is_answer(node)))))
        held = node;
    }
    const std::vector<Node*> children = root_.children;
    for (Node* node : children) {
      if (std::ranges::find(root_.children, node) == root_.children.end() || subject(node) == 0) continue;
      Node*& held = table[subject(node)];
      if (held == node) continue;
      std::erase(root_.children, node);
      if (held->letter < 0 && node->letter < 0) {
        held->children.insert(held->children.end(), node->children.begin(), node->children.end());
      } else if (held->letter < 0 || (is_answer(node) && !is_answer(held))) {
        held->children.push_back(node);
      } else {
        Node* dummy = make();
        std::erase(root_.children, held);
        dummy->children = {node, held};
        root_.children.push_back(dummy);
        held = dummy;
      }
    }
  }
  static void show(const Node* node, std::uint32_t depth, std::vector<ThreadItem>& items) {
    items.push_back(
        {node->letter < 0 ? ThreadItem::kNobody : static_cast<std::uint32_t>(node->letter), depth});
    for (const Node* child : node->children) show(child, depth + 1, items);
  }

  std::span<const Letter> letters_;
  const ThreadKeys& keys_;
  std::map<std::uint32_t, Node*> ids_;
  std::vector<std::unique_ptr<Node>> nodes_;
  Node root_;
};

TEST(Threads, AreWhatTheStepsOfTheRfcGive) {
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::vector<Letter> letters;
    const std::size_t ids = 2 + random() % 12;
    const auto id = [&] { return fmt::format("<{}>", random() % ids); };
    for (std::size_t i = 1 + random() % 12; i > 0; --i) {
      Letter letter{.id = random() % 8 == 0 ? "" : id(), .sent = static_cast<int>(random() % 20)};
      for (std::size_t n = random() % 4; n > 0; --n) letter.references += id() + " ";
      if (random() % 3 > 0)
        letter.subject = std::string(random() % 2 ? "Re: " : "") + static_cast<char>('a' + random() % 4);
      letters.push_back(letter);
    }
    const ThreadKeys keys = keys_of(letters);
    ASSERT_EQ(shown(thread_by_references(keys, all(letters.size()))), Model(letters, keys).shown()) << round;
  }
}

}  // namespace
}  // namespace pabal::mailbox
