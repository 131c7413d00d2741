// A queued letter's bytes on their way out: the preamble, then the blob in pieces, never held whole; and the
// same made 7-bit for a peer that takes no more (RFC 6152 §3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "message/downgrade.h"
#include "message/structure.h"
#include "queue/letter.h"
#include "smtp/client_session.h"
#include "store/engine.h"

namespace pabal::queue {

/// What a session holds of a letter.
inline constexpr std::size_t kLetterPieceBytes = 64 * 1024;
/// A larger letter is not looked into: it is read twice for that.
inline constexpr std::uint64_t kMaxConvertedBytes = 64 * 1024 * 1024;

/// The letter and the engine outlive it. On one loop; waits for the store.
class StoredLetter final : public smtp::LetterSource {
 public:
  StoredLetter(store::Engine& store, const Letter& letter) : store_(store), letter_(letter) {}
  net::Task<Result<std::string_view>> next() override;

  /// The store could not give it: what the session reports as a failure is ours.
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  net::Task<Result<std::string_view>> read_piece();

  store::Engine& store_;
  const Letter& letter_;
  bool preamble_given_ = false;
  std::uint64_t offset_ = 0;  // of the blob
  std::string piece_;
  std::optional<Error> trouble_;
};

/// What must be known of a letter before it can go to a peer that lacks extensions.
struct LetterInsight {
  message::Structure structure;
  message::DowngradePlan plan;
  bool dkim_signed = false;  ///< a converted letter's signature does not hold any more
};
/// Reads the letter once. kRefuse if it is over kMaxConvertedBytes; else the store's failures.
net::Task<Result<LetterInsight>> look_into(store::Engine& store, const Letter& letter);

/// Both parameters outlive it.
class ConvertedLetter final : public smtp::LetterSource {
 public:
  ConvertedLetter(smtp::LetterSource& original, const message::Structure& structure)
      : original_(original), downgrader_(structure) {}
  net::Task<Result<std::string_view>> next() override;

 private:
  smtp::LetterSource& original_;
  message::Downgrader downgrader_;
  std::string piece_;
  bool ended_ = false;
};

}  // namespace pabal::queue
