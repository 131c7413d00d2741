// Any bytes as stored facts: views are sound all through or refused, agree with what is decoded from the same
// bytes, come out of a packed block as they went in, and nothing that was not packed is unpacked.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/lz4.h"
#include "mailbox/facts_block.h"
#include "message/letter.h"

using namespace pabal;
using namespace pabal::message;

namespace {

void check_addresses(const EnvelopeView::Addresses& view, const Envelope::Addresses& decoded) {
  PABAL_CHECK(view.size() == decoded.size());
  auto want = decoded.begin();
  for (const AddressView& address : view) {
    PABAL_CHECK(address.kind == want->kind && address.name == want->name && address.route == want->route);
    PABAL_CHECK(address.addr_spec() == want->addr_spec());
    ++want;
  }
}

void check_envelope(std::string_view bytes) {
  const auto view = view_envelope(bytes);
  const auto decoded = decode_envelope(bytes);
  PABAL_CHECK(view.has_value() == decoded.has_value());
  if (!view) return;
  PABAL_CHECK(view->subject == decoded->subject && view->references == decoded->references);
  check_addresses(view->from, decoded->from);
  check_addresses(view->bcc, decoded->bcc);
  PABAL_CHECK(decode_envelope(encode_envelope(*decoded)).value() == *decoded);
}

void check_structure(std::string_view bytes) {
  StructureReader reader(bytes);
  PartView part;
  std::uint64_t parts = 0;
  std::size_t parameters = 0;
  while (reader.next(part)) {
    PABAL_CHECK(part.index == parts++ && (part.index == 0 || part.parent < part.index));
    for (const ParameterView& each : part.parameters) parameters += each.name.size();
    for (const LanguageView& each : part.languages) parameters += each.name.size();
  }
  PABAL_CHECK(parameters <= bytes.size());
  const auto decoded = decode_structure(bytes);
  if (!decoded) return;
  PABAL_CHECK(reader.complete() && parts == decoded->parts.size());
  PABAL_CHECK(decode_structure(encode_structure(*decoded)).value() == *decoded);
}

void check_block(const FactsView& facts) {
  const std::vector<std::pair<mailbox::LetterId, FactsView>> letters = {
      {mailbox::LetterId(130), facts}, {mailbox::LetterId(131), facts}, {mailbox::LetterId(255), facts}};
  for (const mailbox::FactsColumn column : mailbox::kFactsColumns) {
    const mailbox::FactsBlock block(column, letters);
    const std::string all = block.unpacked();
    for (const auto& [letter, want] : letters) {
      FactsView shown;
      block.show(all, block.find(letter).value(), shown);
      PABAL_CHECK(column != mailbox::FactsColumn::kEnvelopes || shown.envelope == want.envelope);
      PABAL_CHECK(column != mailbox::FactsColumn::kPreviews || shown.preview == want.preview);
      PABAL_CHECK(column != mailbox::FactsColumn::kStructures ||
                  (shown.structure == want.structure && shown.letters_within == want.letters_within));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  check_envelope(bytes);
  check_structure(bytes);
  if (const auto facts = view_facts(bytes)) {
    check_envelope(facts->envelope);
    check_structure(facts->structure);
    check_block(*facts);
    EnvelopesWithin within(facts->letters_within);
    for (PartIndex part = 1; part < 100; ++part) {
      if (const auto envelope = within.find(part); !envelope.empty()) check_envelope(envelope);
    }
    if (const auto decoded = decode_facts(bytes))
      PABAL_CHECK(decode_facts(encode_facts(*decoded)).value() == *decoded);
  }
  std::string out = "x";
  const std::size_t unpacked = size > 0 ? data[0] * std::size_t{16} : 0;
  const bool good = append_lz4_unpacked(out, bytes, unpacked);
  PABAL_CHECK(out.size() == (good ? 1 + unpacked : 1));
  return 0;
}
