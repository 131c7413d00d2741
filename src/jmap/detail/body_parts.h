// Which parts of a letter are its text, and which are attachments (RFC 8621 §4.1.4). Pure; any thread.
#pragma once

#include <vector>

#include "message/structure.h"

namespace pabal::jmap::detail {

struct BodyLists {
  std::vector<message::PartIndex> text;
  std::vector<message::PartIndex> html;
  std::vector<message::PartIndex> attachments;
};
BodyLists list_parts(const message::Structure& structure);
bool has_attachment(const message::Structure& structure);

}  // namespace pabal::jmap::detail
