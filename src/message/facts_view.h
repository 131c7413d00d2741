// The stored facts about a letter, read where they lie: nothing is copied and no object is made, so that a
// list of a hundred thousand letters costs little more than its bytes. The forms themselves are known to
// envelope.cc, structure_codec.cc and letter.cc alone.
//
// Views look into the bytes that they were made of, and live as long. A view that was given out is sound all
// through; bytes that nobody wrote so are kCorrupt. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "message/address_list.h"
#include "message/detail/form_reader.h"
#include "message/structure.h"

namespace pabal::message {

/// Counted things that stand one after the other; Item has a static read(FormReader&).
template <class Item>
class ListView {
 public:
  class Iterator {
   public:
    using value_type = Item;
    using difference_type = std::ptrdiff_t;

    Iterator() : Iterator(0, {}) {}
    Iterator(std::uint64_t left, std::string_view bytes) : left_(left), in_(bytes) { read(); }
    const Item& operator*() const { return item_; }
    const Item* operator->() const { return &item_; }
    Iterator& operator++() {
      --left_;
      read();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return left_ == 0; }

   private:
    void read() {
      if (left_ > 0) item_ = Item::read(in_);
    }

    std::uint64_t left_;
    detail::FormReader in_;
    Item item_{};
  };

  ListView() = default;
  /// Takes the list; what is unsound in it spoils the reader.
  explicit ListView(detail::FormReader& in, std::uint64_t max = UINT64_MAX) {
    const std::uint64_t count = in.number(max);
    bytes_ = in.rest();
    for (std::uint64_t i = 0; i < count && in.sound(); ++i) Item::read(in);
    if (in.sound()) count_ = count;
  }

  std::uint64_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  Item front() const { return *begin(); }
  Iterator begin() const { return {count_, bytes_}; }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::uint64_t count_ = 0;
  std::string_view bytes_;
};

struct AddressView {
  Address::Kind kind = Address::Kind::kMailbox;
  std::string_view name;
  std::string_view route;
  std::string_view local_part;
  std::string_view domain;

  /// As Address has it.
  std::string addr_spec() const;

  static AddressView read(detail::FormReader& in) {
    AddressView out;
    out.kind = static_cast<Address::Kind>(in.byte(static_cast<std::uint8_t>(Address::Kind::kGroupEnd)));
    out.name = in.text();
    out.route = in.text();
    out.local_part = in.text();
    out.domain = in.text();
    return out;
  }
};

/// An Envelope (envelope.h) in its stored form.
struct EnvelopeView {
  using Addresses = ListView<AddressView>;

  std::optional<std::string_view> date;
  std::optional<std::string_view> subject;
  std::optional<std::string_view> in_reply_to;
  std::optional<std::string_view> message_id;
  std::optional<std::string_view> references;
  Addresses from;
  Addresses sender;
  Addresses reply_to;
  Addresses to;
  Addresses cc;
  Addresses bcc;
};
Result<EnvelopeView> view_envelope(std::string_view bytes);

struct ParameterView {
  std::string_view name;
  std::string_view value;
  bool extended = false;

  static ParameterView read(detail::FormReader& in) {
    ParameterView out;
    out.name = in.text();
    out.value = in.text();
    out.extended = in.byte(1) != 0;
    return out;
  }
};

struct LanguageView {
  std::string_view name;
  static LanguageView read(detail::FormReader& in) { return {in.text()}; }
};

/// A Part (structure.h) in its stored form.
struct PartView {
  PartIndex index = 0;
  PartIndex parent = kNoPart;
  std::uint64_t header_begin = 0;  ///< from where the parent's header begins
  std::uint64_t header_size = 0;
  std::uint64_t body_size = 0;
  std::uint64_t body_lines = 0;
  Part::Traits traits;
  TransferEncoding encoding = TransferEncoding::k7Bit;
  std::string_view type;
  std::string_view subtype;
  ListView<ParameterView> parameters;
  std::string_view disposition;
  ListView<ParameterView> disposition_parameters;
  std::string_view encoding_name;
  std::string_view id;
  std::string_view description;
  std::string_view md5;
  std::string_view location;
  ListView<LanguageView> languages;

  bool is_text() const { return type == "text"; }
  bool is_multipart() const { return type == "multipart"; }
  bool is_message() const { return type == "message" && (subtype == "rfc822" || subtype == "global"); }
};

/// The parts of a structure, one after the other. Fields are sound, and parents come before their children;
/// whether offsets and nesting make sense is for decode_structure to see, which whoever reads the letter by
/// them must use.
class StructureReader {
 public:
  explicit StructureReader(std::string_view bytes);

  std::uint64_t letter_bytes() const { return letter_bytes_; }
  std::uint64_t part_count() const { return count_; }
  /// The version of the form, for whoever tells why it can't be read.
  std::uint8_t version() const { return version_; }
  /// false: there are no more, or they can't be read.
  bool next(PartView& part);
  /// All parts were read, and nothing is left.
  bool complete() const { return in_.complete() && next_ == count_ && count_ > 0; }

 private:
  detail::FormReader in_;
  std::uint8_t version_ = 0;
  std::uint64_t letter_bytes_ = 0;
  std::uint64_t count_ = 0;
  std::uint64_t next_ = 0;
};

/// What encode_facts keeps, unread. Whoever asked the store for some of it alone finds the others empty.
struct FactsView {
  std::string_view envelope;
  std::string_view preview;
  std::string_view structure;
  std::string_view letters_within;

  /// Nothing is known of the letter.
  bool empty() const {
    return envelope.data() == nullptr && preview.data() == nullptr && structure.data() == nullptr;
  }
};
Result<FactsView> view_facts(std::string_view facts);

/// The envelopes of letters within, which are asked for in the order of their parts.
class EnvelopesWithin {
 public:
  explicit EnvelopesWithin(std::string_view letters_within) : in_(letters_within), left_(in_.number()) {}

  /// Its stored form; empty if none was kept. Parts ascending.
  std::string_view find(PartIndex part);
  bool sound() const { return in_.sound(); }

 private:
  void read_next();

  detail::FormReader in_;
  std::uint64_t left_;
  bool held_ = false;
  std::uint64_t part_ = 0;
  std::string_view envelope_;
};

}  // namespace pabal::message
