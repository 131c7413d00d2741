// What journeys are told of a session: which letters were fetched, and which deleted.
//
// A letter that was fetched is noted, and written when the notes are many or the session has ended: no RETR
// waits for the disk, and a session of a thousand letters costs one commit. What was not written when the
// server is killed is not told. Deletions are told in the very batch that makes them.
//
// On the session's loop.
#pragma once

#include <string>
#include <vector>

#include "account/ids.h"
#include "journey/journal.h"
#include "mailbox/records.h"
#include "net/task.h"
#include "store/engine.h"

namespace pabal::pop3::detail {

/// So many entries fit into a batch with all else that is in it.
inline constexpr std::size_t kMaxToldInBatch = 4000;

class Telling {
 public:
  struct Who {
    account::AccountId account;
    std::string login;
    std::string peer;
    std::string folder;  ///< empty: the inbox
  };
  /// `oldest`: of letters that came before, nothing is told.
  Telling(store::Engine& engine, journey::Journal& journal, Who who, WallTime oldest);

  void fetched(const mailbox::LetterRecord& letter, WallTime now);
  bool is_full() const { return fetched_.size() >= kMaxNotes; }
  /// Writes what was noted. Without a word about failures: it is no reason to end a session.
  net::Task<void> write();

  /// `how` is a whole sentence, or empty. Nothing for a letter of which nothing is told.
  std::optional<journey::Entry> deleted(const mailbox::LetterRecord& letter, WallTime now,
                                        std::string_view how) const;
  net::Task<void> write(std::vector<journey::Entry> entries);

 private:
  // 16 bytes each.
  static constexpr std::size_t kMaxNotes = 16'384;

  struct Note {
    journey::JourneyId id;
    WallTime at;
  };
  journey::Entry entry(journey::JourneyId id, journey::Stage stage, WallTime at) const;

  store::Engine& engine_;
  journey::Journal& journal_;
  const Who who_;
  const WallTime oldest_;
  std::vector<Note> fetched_;
};

}  // namespace pabal::pop3::detail
