// Which folders filters mean (RFC 5465 §6, RFC 7377 §2.2), those that others share with the client too.
#pragma once

#include <string>
#include <vector>

#include "imap/detail/folders.h"
#include "imap/grammar/mailbox_filter.h"

namespace pabal::imap::detail {

struct FilteredFolder {
  account::AccountId account;
  const mailbox::Folder* folder;  ///< of the homes that were given
  std::string path;               ///< as the client knows it
};
/// Whether the filter means that folder of the home, which has this path for the client. Those of the
/// selected folder mean none.
bool is_meant(const MailboxFilter& filter, const Home& home, const mailbox::Folder& folder,
              std::string_view path);
/// Those that can hold letters and that the client may read, each once, in the order of the homes. No filter
/// means the open folder.
std::vector<FilteredFolder> find_filtered(const Session& session, const std::vector<MailboxFilter>& filters,
                                          const std::vector<Home>& homes);
/// Whether folders of others can be meant.
bool may_be_shared(const std::vector<MailboxFilter>& filters);

}  // namespace pabal::imap::detail
