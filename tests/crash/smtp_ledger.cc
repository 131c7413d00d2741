#include "smtp_ledger.h"

#include <charconv>

namespace pabal::crash {

std::string domain_name(std::size_t index) { return fmt::format("far{}.example", index); }

Letter& Ledger::write() {
  Letter& letter = letters_.emplace_back();
  letter.number = letters_.size() - 1;
  letter.size_bytes = random_.below(40) == 0 ? 150'000 : 300 + random_.below(8000);
  letter.hang_up = random_.below(30) == 0;
  const std::uint64_t kind = random_.below(3);  // for home, for elsewhere, for both
  if (kind != 1) {
    for (const std::string_view resident : kResidents)
      if (random_.below(2) == 0) letter.local.push_back(resident);
    if (letter.local.empty()) letter.local.push_back(kResidents[0]);
  }
  if (kind == 0) return letter;
  for (std::uint64_t left = 1 + random_.below(3); left > 0; --left) {
    const std::uint64_t luck = random_.below(20);
    const Fate fate = luck == 0 ? Fate::kRefused : luck == 1 ? Fate::kPutOff : Fate::kTaken;
    // The second number tells recipients of one letter in one domain apart.
    letter.remote.push_back(fmt::format("{}{}.{}@{}", static_cast<char>(fate), letter.number, left,
                                        domain_name(random_.below(kDomains))));
  }
  return letter;
}

std::string Ledger::message_id_of(const Letter& letter) const {
  return fmt::format("{}.{}@client.example", letter.number, seed_);
}

std::string Ledger::text_of(const Letter& letter) const {
  std::string text = fmt::format(
      "Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nFrom: Alice <{}>\r\nMessage-ID: <{}>\r\nSubject: {}\r\n\r\n",
      kSender, message_id_of(letter), letter.number);
  for (std::size_t line = 0; text.size() < letter.size_bytes; ++line)
    text += fmt::format("Line {} of letter {}, which is to arrive once, and as it was sent.\r\n", line,
                        letter.number);
  return text;
}

Letter* Ledger::find(std::uint64_t number) { return number < letters_.size() ? &letters_[number] : nullptr; }

Letter* Ledger::find(std::string_view remote_address) {
  std::uint64_t number = 0;
  const char* const end = remote_address.data() + remote_address.size();
  if (remote_address.empty() || std::from_chars(remote_address.data() + 1, end, number).ec != std::errc())
    return nullptr;
  Letter* const letter = find(number);
  if (!letter || std::ranges::find(letter->remote, remote_address) == letter->remote.end()) return nullptr;
  return letter;
}

}  // namespace pabal::crash
