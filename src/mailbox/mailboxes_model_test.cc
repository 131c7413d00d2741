// Random changes on two nodes against a plain model of what folders are, with the keeper at work and
// processes that end and begin at random moments.
#include <map>
#include <random>
#include <set>

#include "mailbox/mailbox_testing.h"

namespace pabal::mailbox {
namespace {

struct PlainRow {
  Uid uid;
  LetterId letter;
  std::set<std::string> flags;
  std::uint32_t size = 0;
  bool operator==(const PlainRow&) const = default;
};
struct PlainFolder {
  Uid uid_next{1};
  std::vector<PlainRow> rows;
};

std::ostream& operator<<(std::ostream& out, const PlainRow& row) {
  out << row.uid.value() << ":letter " << row.letter.value() << " (" << row.size << ")";
  for (const std::string& flag : row.flags) out << " " << flag;
  return out;
}

std::set<std::string> plain(const FlagNames& names) {
  std::set<std::string> out(names.keywords.begin(), names.keywords.end());
  for (std::size_t bit = 0; bit < kSystemFlags; ++bit) {
    if ((names.system.value() >> bit & 1) != 0) out.insert(fmt::format("\\{}", bit));
  }
  return out;
}

class MailboxesModel : public MailboxFixture, public ::testing::WithParamInterface<unsigned> {
 protected:
  MailboxesModel() : random_(GetParam()) {
    options_.checkpoint_changes = 15;
    options_.keep_changes = 25;
    options_.keep_log = std::chrono::hours(1);
    for (auto& node : nodes_) node = make_mailboxes();
    const Folders first = must(nodes_[0]->folders(kBob));
    for (const Folder& folder : first->all()) folders_[first->path_of(folder)] = {};
  }

  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  std::string any_path() {
    auto at = folders_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(pick(folders_.size())));
    return at->first;
  }
  FlagNames any_flags() {
    static constexpr const char* kNames[] = {"Later", "$Junk", "$Forwarded"};
    FlagNames names{.system = Flags(pick(32)), .keywords = {}};
    if (pick(2) == 0) names.keywords.emplace_back(kNames[pick(3)]);
    return names;
  }
  UidSet any_uids(const PlainFolder& folder) {
    UidSet set;
    for (std::size_t i = 0; i <= pick(3); ++i) {
      const auto first = static_cast<std::uint32_t>(1 + pick(folder.uid_next.value() + 1));
      set.add({Uid(first), Uid(first + static_cast<std::uint32_t>(pick(8)))});
    }
    return set;
  }
  // By a third node, so that the one that works may know nothing of what the other did.
  FolderId id(const std::string& path) {
    must(mailboxes_->sync(kBob));
    const Folder* const found = must(mailboxes_->folders(kBob))->find_path(path);
    EXPECT_NE(found, nullptr) << path;
    return found ? found->id : FolderId();
  }
  void put(PlainFolder& folder, PlainRow row) {
    row.uid = folder.uid_next;
    folder.uid_next = Uid(folder.uid_next.value() + 1);
    folder.rows.push_back(std::move(row));
  }

  void append(Mailboxes& node) {
    const std::string path = any_path();
    AppendAll all;
    std::vector<FlagNames> flags;
    for (std::size_t i = 0; i <= pick(4); ++i) {
      flags.push_back(any_flags());
      all.letters.push_back(must(make_arrival(fmt::format("letter {}", ++letters_), id(path), flags.back())));
    }
    std::vector<std::uint32_t> sizes;
    for (const Arrival& letter : all.letters) {
      sizes.push_back(static_cast<std::uint32_t>(letter.letter.size_bytes()));
    }
    const AppendedAll placed = must(node.change(kBob, std::move(all)));
    PlainFolder& folder = folders_[path];
    for (std::size_t i = 0; i < flags.size(); ++i) {
      EXPECT_EQ(placed.placed.at(i).uid, folder.uid_next);
      put(folder, {.uid = {}, .letter = placed.placed[i].letter, .flags = plain(flags[i]), .size = sizes[i]});
    }
  }
  void set_flags(Mailboxes& node) {
    const std::string path = any_path();
    PlainFolder& folder = folders_[path];
    const UidSet uids = any_uids(folder);
    const FlagNames named = any_flags();
    const auto how = static_cast<FlagEdit>(pick(3));
    const FlagsSet reply = must(node.change(kBob, SetFlags{id(path), uids, how, named}));
    UidSet changed;
    for (PlainRow& row : folder.rows) {
      if (!uids.contains(row.uid)) continue;
      std::set<std::string> after = how == FlagEdit::kReplace ? std::set<std::string>() : row.flags;
      for (const std::string& flag : plain(named)) {
        if (how == FlagEdit::kRemove) {
          after.erase(flag);
        } else {
          after.insert(flag);
        }
      }
      if (after == row.flags) continue;
      changed.add(row.uid);
      row.flags = std::move(after);
    }
    EXPECT_EQ(reply.changed, changed);
  }
  void remove(Mailboxes& node) {
    const std::string path = any_path();
    PlainFolder& folder = folders_[path];
    const UidSet uids = any_uids(folder);
    const bool only_deleted = pick(2) == 0;
    const Removed reply =
        must(node.change(kBob, Remove{.folder = id(path), .uids = uids, .only_deleted = only_deleted}));
    UidSet gone;
    std::erase_if(folder.rows, [&](const PlainRow& row) {
      if (!uids.contains(row.uid) || (only_deleted && !row.flags.contains("\\3"))) return false;
      gone.add(row.uid);
      return true;
    });
    EXPECT_EQ(reply.gone, gone);
  }
  void transfer(Mailboxes& node) {
    const std::string from = any_path();
    const std::string to = any_path();
    const UidSet uids = any_uids(folders_[from]);
    const bool move = pick(2) == 0;
    const Transferred reply =
        must(node.change(kBob, Transfer{.from = id(from), .uids = uids, .to = id(to), .move = move}));
    std::vector<PlainRow> taken;
    for (const PlainRow& row : folders_[from].rows) {
      if (uids.contains(row.uid)) taken.push_back(row);
    }
    EXPECT_EQ(reply.source.count(), taken.size());
    if (move) std::erase_if(folders_[from].rows, [&](const PlainRow& row) { return uids.contains(row.uid); });
    for (PlainRow& row : taken) put(folders_[to], std::move(row));
  }
  void create(Mailboxes& node) {
    const std::string path = fmt::format("f{}", pick(5)) + (pick(2) == 0 ? "" : fmt::format("/g{}", pick(3)));
    const auto made = run(node.change(kBob, CreateFolder{path}));
    EXPECT_EQ(made.has_value(), !folders_.contains(path)) << path;
    const std::string above = path.substr(0, path.find('/'));
    // A name that is only kept for those below stays one.
    if (made && above != path && !names_only_.contains(above)) folders_.try_emplace(above);
    folders_.try_emplace(path);
    names_only_.erase(path);
  }
  void erase(Mailboxes& node) {
    const std::string path = any_path();
    if (path == "INBOX") return;
    must(node.change(kBob, DeleteFolder{id(path)}));
    folders_.erase(path);
    const auto has_below = [&](const std::string& name) {
      const auto below = folders_.lower_bound(name + "/");
      return below != folders_.end() && below->first.starts_with(name + "/");
    };
    if (has_below(path)) names_only_.insert(path);
    const std::string above = path.substr(0, path.find('/'));
    if (!has_below(above)) names_only_.erase(above);
  }
  void keep(Mailboxes& node) {
    loop_.clock().advance(std::chrono::minutes(pick(20)));
    run(node.keep_once());
  }

  void compare(Mailboxes& node) {
    must(node.sync(kBob));
    const Folders folders = must(node.folders(kBob));
    std::set<std::string> paths;
    std::uint64_t letters = 0;
    for (const Folder& folder : folders->all()) {
      const std::string path = folders->path_of(folder);
      if (folder.placeholder) {
        EXPECT_TRUE(names_only_.contains(path)) << path;
        continue;
      }
      paths.insert(path);
      std::vector<PlainRow> rows;
      must(node.open(kBob, folder.id))->for_each([&](std::size_t, const Row& row) {
        rows.push_back({row.uid, row.letter, plain(folder.keywords.names_of(row.flags)), row.size_bytes});
      });
      ASSERT_EQ(rows, folders_[path].rows) << path;
      EXPECT_EQ(folder.letters, rows.size());
      EXPECT_EQ(folder.uid_next, folders_[path].uid_next);
      letters += rows.size();
      const auto [validity, added] = validities_.try_emplace(folder.uid_validity, folder.id);
      EXPECT_EQ(validity->second, folder.id);
    }
    std::set<std::string> wanted;
    for (const auto& [path, rows] : folders_) wanted.insert(path);
    EXPECT_EQ(paths, wanted);
    EXPECT_EQ(must(node.load_counters(kBob)).letters, letters);
  }
  void check_letters() {
    for (int i = 0; i < 3; ++i) {
      loop_.clock().advance(std::chrono::minutes(11));
      run(nodes_[0]->keep_once());
      run(nodes_[1]->keep_once());
    }
    std::set<LetterId> wanted;
    for (const auto& [path, folder] : folders_) {
      for (const PlainRow& row : folder.rows) wanted.insert(row.letter);
    }
    std::set<LetterId> stored;
    for (const auto& item : must(nodes_[0]->list(kBob, {}, 100'000)).items) stored.insert(item.id);
    EXPECT_EQ(stored, wanted);
  }

  std::mt19937 random_;
  std::array<std::unique_ptr<Mailboxes>, 2> nodes_;
  std::map<std::string, PlainFolder> folders_;
  std::set<std::string> names_only_;
  std::map<std::uint32_t, FolderId> validities_;
  int letters_ = 0;
};

TEST_P(MailboxesModel, FoldersAreWhatAPlainModelSays) {
  for (int step = 0; step < 600 && !HasFatalFailure(); ++step) {
    auto& node = nodes_[pick(2)];
    switch (pick(14)) {
      case 0:
      case 1:
      case 2:
        append(*node);
        break;
      case 3:
      case 4:
      case 5:
        set_flags(*node);
        break;
      case 6:
        remove(*node);
        break;
      case 7:
      case 8:
        transfer(*node);
        break;
      case 9:
        create(*node);
        break;
      case 10:
        if (pick(3) == 0) erase(*node);
        break;
      case 11:
      case 12:
        keep(*node);
        break;
      default:
        node = make_mailboxes();
    }
    if (step % 7 == 0) compare(*nodes_[pick(2)]);
    if (HasFailure()) FAIL() << "at step " << step;
  }
  check_letters();
}

INSTANTIATE_TEST_SUITE_P(Seeds, MailboxesModel, ::testing::Range(0U, 5U));

}  // namespace
}  // namespace pabal::mailbox
