// Ids as clients see them: a letter for the kind and a number. They name things within one account, so that
// nobody can name what is another's: an id that was never given and one of somebody else are both just not
// there. Those of letters, threads and folders are IMAP's object ids (RFC 8474). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "account/ids.h"
#include "mailbox/ids.h"
#include "message/structure.h"
#include "store/blob.h"

namespace pabal::jmap {

std::string account_id(account::AccountId account);  // "A7"
std::string email_id(mailbox::LetterId letter);      // "M17"
std::string thread_id(mailbox::LetterId thread);     // "T17": by the letter that began it
std::string mailbox_id(mailbox::FolderId folder);    // "F3"

std::optional<mailbox::LetterId> parse_email_id(std::string_view text);
std::optional<mailbox::LetterId> parse_thread_id(std::string_view text);
std::optional<mailbox::FolderId> parse_mailbox_id(std::string_view text);

/// What a blob id names: a letter as it lies here or what the client uploaded, and within it, if there are
/// any, a part decoded, and a part of the letter that this part is, and so on.
struct BlobName {
  std::variant<mailbox::LetterId, store::BlobId> of;
  std::vector<message::PartIndex> within = {};

  BlobName part(message::PartIndex index) const;
  bool operator==(const BlobName&) const = default;
};
/// Letters within letters are read so deep.
inline constexpr std::size_t kMaxBlobDepth = 8;

std::string blob_id(const BlobName& name);  // "B17", "B17-3-1", "U" and 64 hex digits
std::optional<BlobName> parse_blob_id(std::string_view text);

/// A state is where the account's log stood.
std::string state_of(mailbox::ModSeq mod_seq);
std::optional<mailbox::ModSeq> parse_state(std::string_view text);

}  // namespace pabal::jmap
