#include "jmap/detail/body_parts.h"

#include <algorithm>

namespace pabal::jmap::detail {
namespace {

using message::kNoPart;
using message::Part;
using message::PartIndex;
using message::Structure;

bool is_media(const Part& part) {
  return part.type == "image" || part.type == "audio" || part.type == "video";
}

/// The algorithm of the RFC, whose lists may be null: of two ways to say the same, one is taken.
class Lister {
 public:
  explicit Lister(const Structure& structure) : structure_(structure) {}

  BodyLists run() {
    one(0, true, "mixed", false, true, true);
    return std::move(lists_);
  }

 private:
  // What the children of a multipart may add to.
  struct Into {
    bool text;
    bool html;
  };

  void many(PartIndex parent, std::string_view multipart, bool in_alternative, Into into) {
    const std::size_t text_before = lists_.text.size();
    const std::size_t html_before = lists_.html.size();
    Into now = into;
    for (PartIndex i = structure_.first_child(parent); i != kNoPart; i = structure_.next_sibling(i)) {
      now = one(i, i == structure_.first_child(parent), multipart, in_alternative, now.text, now.html);
    }
    if (multipart != "alternative" || !now.text || !now.html) return;
    const auto copy = [](std::vector<PartIndex>& to, const std::vector<PartIndex>& from, std::size_t begin) {
      to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(begin), from.end());
    };
    const bool text_came = lists_.text.size() > text_before;
    const bool html_came = lists_.html.size() > html_before;
    if (!text_came && html_came) copy(lists_.text, lists_.html, html_before);
    if (!html_came && text_came) copy(lists_.html, lists_.text, text_before);
  }

  Into one(PartIndex index, bool first, std::string_view multipart, bool in_alternative, bool text,
           bool html) {
    const Part& part = structure_.parts[index];
    if (part.is_multipart()) {
      many(index, part.subtype, in_alternative || part.subtype == "alternative", {text, html});
      return {text, html};
    }
    const bool is_plain = part.is("text", "plain");
    const bool is_html = part.is("text", "html");
    const bool is_shown = part.disposition.type != "attachment" && (is_plain || is_html || is_media(part)) &&
                          (first || (multipart != "related" && (is_media(part) || part.file_name().empty())));
    if (!is_shown) {
      lists_.attachments.push_back(index);
      return {text, html};
    }
    if (multipart == "alternative") {
      if (is_plain && text) {
        lists_.text.push_back(index);
      } else if (is_html && html) {
        lists_.html.push_back(index);
      } else if (!is_plain && !is_html) {
        lists_.attachments.push_back(index);
      }
      return {text, html};
    }
    if (in_alternative) {
      if (is_plain) html = false;
      if (is_html) text = false;
    }
    if (text) lists_.text.push_back(index);
    if (html) lists_.html.push_back(index);
    if ((!text || !html) && is_media(part)) lists_.attachments.push_back(index);
    return {text, html};
  }

  const Structure& structure_;
  BodyLists lists_;
};

}  // namespace

BodyLists list_parts(const Structure& structure) { return Lister(structure).run(); }

bool has_attachment(const Structure& structure) {
  return std::ranges::any_of(list_parts(structure).attachments, [&](PartIndex index) {
    return structure.parts[index].disposition.type != "inline";
  });
}

}  // namespace pabal::jmap::detail
