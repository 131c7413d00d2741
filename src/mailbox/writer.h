// The one who writes an account's log on this node. See mailboxes.h.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "mailbox/folder.h"
#include "mailbox/mailboxes.h"
#include "net/handoff.h"

namespace pabal::mailbox {

class Mailboxes::Writer {
 public:
  Writer(store::Engine& engine, journey::Journal& journal, const Clock& clock, account::AccountId account);

  net::Task<Result<Placed>> append(Arrival arrival);

 private:
  /// Somebody who brought a letter. Told either what became of it, or that it is their turn to write.
  struct Waiting {
    explicit Waiting(Arrival letter) : arrival(std::move(letter)) {}
    Arrival arrival;
    Result<Placed> outcome = Placed();
    bool settled = false;
    net::Handoff<bool> told;  ///< true: your letter is settled; false: write
  };
  using Group = std::span<Waiting* const>;

  std::vector<Waiting*> take_group();
  net::Task<void> write(std::vector<Waiting*> group);
  static std::vector<Waiting*> take_repeated(std::vector<Waiting*>& group);
  void pass_on_the_pen();

  net::Task<Result<void>> load_head();
  /// kConflict: somebody else wrote, or a letter is here already.
  net::Task<Result<void>> commit(Group group);
  net::Task<void> settle_alone(Waiting& waiting);
  void admit_by_quota(Group group);

  store::Engine& engine_;
  journey::Journal& journal_;
  const Clock& clock_;
  const store::PartitionId partition_;

  std::mutex mutex_;
  bool writing_ = false;
  std::vector<Waiting*> waiting_;

  // Whoever writes.
  std::optional<Counters> head_;
  Folder inbox_;
};

}  // namespace pabal::mailbox
