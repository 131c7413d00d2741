#include "letters.h"

#include <openssl/evp.h>

#include <array>
#include <chrono>

namespace pabal::bench {
namespace {

// splitmix64: the same on every machine, which the standard's distributions are not.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 0x1234567) {}
  std::uint64_t roll() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
    return mixed ^ (mixed >> 31);
  }
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>((roll() >> 32) % bound); }

 private:
  std::uint64_t state_;
};

constexpr std::array<std::string_view, 64> kEnglish = {
    "the",     "report", "about",   "meeting", "please",   "we",      "should",    "before",
    "budget",  "review", "and",     "to",      "of",       "a",       "in",        "for",
    "is",      "on",     "that",    "with",    "station",  "garden",  "Tuesday",   "morning",
    "letter",  "answer", "house",   "window",  "schedule", "project", "team",      "river",
    "winter",  "soup",   "ketchup", "recipe",  "invoice",  "number",  "attached",  "thanks",
    "regards", "moved",  "later",   "earlier", "draft",    "version", "sent",      "kindly",
    "confirm", "ticket", "train",   "office",  "kitchen",  "paper",   "blue",      "small",
    "quick",   "never",  "always",  "again",   "question", "plan",    "hamburger", "crepes"};

constexpr std::array<std::string_view, 48> kKorean = {
    "안녕하세요",     "회의",       "자료를",   "첨부합니다",   "내일",         "오후",   "일정이",
    "변경되었습니다", "감사합니다", "번역을",   "부탁드립니다", "검토",         "보고서", "예산",
    "그리고",         "우리",       "서울에서", "부산까지",     "기차",         "사무실", "편지를",
    "받았습니다",     "답장이",     "늦어서",   "죄송합니다",   "다음",         "주에",   "뵙겠습니다",
    "점심",           "김치찌개",   "겨울",     "바다",         "사진은",       "여기에", "있습니다",
    "확인",           "후에",       "연락",     "주세요",       "새로운",       "계획",   "질문이",
    "많은",           "사람들이",   "모여서",   "이야기를",     "나누었습니다", "파발"};

constexpr std::array<std::string_view, 24> kFirstNames = {
    "Alice",  "Bob",    "Carol",   "Dave",   "Erin",   "Frank",  "Grace",  "Heidi",
    "Ivan",   "Judy",   "Mallory", "Niaj",   "Olivia", "Peggy",  "Rupert", "Sybil",
    "김민준", "이서연", "박지훈",  "최수빈", "정하은", "강도윤", "조예린", "윤시우"};

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char each) { return static_cast<unsigned char>(each) < 0x80; });
}

std::string base64(std::string_view bytes) {
  std::string encoded((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::string base64_lines(std::string_view bytes) {
  std::string lines;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(57, bytes.size())))
    lines += base64(bytes.substr(0, 57)) + "\r\n";
  return lines;
}

std::string header_text(std::string_view text) {
  return is_ascii(text) ? std::string(text) : fmt::format("=?UTF-8?B?{}?=", base64(text));
}

// Words of a language in lines of about 70 columns, at least so many bytes of them.
std::string prose(Dice& dice, bool korean, std::size_t size, std::string_view hidden) {
  std::string text;
  std::size_t line = 0;
  const std::size_t hide_at = size / 2;
  while (text.size() < size) {
    std::string_view word =
        korean ? kKorean[dice.below(kKorean.size())] : kEnglish[dice.below(kEnglish.size())];
    if (!hidden.empty() && text.size() > hide_at) word = std::exchange(hidden, {});
    text += word;
    line += word.size();
    if (line > 64) {
      text += "\r\n";
      line = 0;
    } else {
      text += ' ';
      ++line;
    }
  }
  return text + "\r\n";
}

std::string html(std::string_view text) {
  std::string page = "<html><head><style>p { margin: 0 }</style></head><body>\r\n<p>";
  page += text;
  return page + "</p>\r\n</body></html>\r\n";
}

std::chrono::sys_seconds date_of(std::uint32_t number) {
  constexpr std::chrono::sys_seconds kFirst = std::chrono::sys_days(std::chrono::year(2016) / 1 / 4);
  // About five minutes apart; an hour of jitter, so that the order of dates is not that of arrival.
  return kFirst + std::chrono::seconds(std::uint64_t{number} * 300 % (10ULL * 365 * 86400)) +
         std::chrono::seconds(Dice(number + 7).below(3600));
}

struct Calendar {
  explicit Calendar(std::chrono::sys_seconds time)
      : day(std::chrono::floor<std::chrono::days>(time)),
        date(day),
        clock(time - day),
        weekday(std::chrono::weekday(day).c_encoding()) {}
  std::chrono::sys_days day;
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<std::chrono::seconds> clock;
  unsigned weekday;
};

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

std::string header_date(std::uint32_t number) {
  const bool seoul = number % 2 == 0;
  const Calendar when(date_of(number) + std::chrono::hours(seoul ? 9 : 0));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} {}", kDays[when.weekday],
                     static_cast<unsigned>(when.date.day()),
                     kMonths[static_cast<unsigned>(when.date.month()) - 1],
                     static_cast<int>(when.date.year()), when.clock.hours().count(),
                     when.clock.minutes().count(), when.clock.seconds().count(), seoul ? "+0900" : "+0000");
}

std::string message_id(std::uint32_t number, std::uint32_t salt) {
  return fmt::format("<{:08x}.{}.{}@{}.example.net>", Dice(number).below(0xffffffff), number, salt,
                     number % 17);
}

std::string mailbox(std::uint32_t sender) {
  return fmt::format("{} <{}>", header_text(kFirstNames[sender % kFirstNames.size()]),
                     Letters::address(sender));
}

constexpr std::size_t kLetterBytes = 4000;

}  // namespace

Letters::Letters(std::uint32_t count) : count_(count), parents_(count) {
  for (std::uint32_t number = 0; number < count; ++number) {
    Dice dice(number + 1'000'003);
    const std::uint32_t back = 1 + dice.below(200);
    parents_[number] = dice.below(4) == 0 || back > number ? number : number - back;
  }
}

std::uint32_t Letters::root(std::uint32_t number) const {
  while (parent(number) != number) number = parent(number);
  return number;
}

std::uint32_t Letters::threads() const {
  std::uint32_t total = 0;
  for (std::uint32_t number = 0; number < count_; ++number) total += parents_[number] == number;
  return total;
}

std::string Letters::address(std::uint32_t sender) {
  return fmt::format("s{}@town{}.example.net", sender, sender % 40);
}

// Some write much, most little.
std::uint32_t Letters::sender(std::uint32_t number) {
  Dice dice(number + 2'000'003);
  const std::uint32_t one = dice.below(kSenders);
  return std::min(one, dice.below(kSenders));
}

bool Letters::holds(std::uint32_t number, std::uint32_t where) const {
  if (count_ < kRareLetters || number >= count_) return false;
  const std::uint32_t each = count_ / kRareLetters;
  return number % each == where % each && number / each < kRareLetters;
}

constexpr std::uint32_t kWordAt = 4321;
constexpr std::uint32_t kKoreanAt = 1234;

std::vector<std::uint32_t> Letters::with_rare_word() const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t number = 0; number < count_; ++number)
    if (holds(number, kWordAt)) found.push_back(number + 1);
  return found;
}

std::vector<std::uint32_t> Letters::with_rare_korean() const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t number = 0; number < count_; ++number)
    if (holds(number, kKoreanAt)) found.push_back(number + 1);
  return found;
}

std::vector<std::uint32_t> Letters::from(std::uint32_t who) const {
  std::vector<std::uint32_t> found;
  for (std::uint32_t number = 0; number < count_; ++number)
    if (sender(number) == who) found.push_back(number + 1);
  return found;
}

std::string Letters::internal_date(std::uint32_t number) const {
  const Calendar when(date_of(number));
  return fmt::format("\"{:2}-{}-{} {:02}:{:02}:{:02} +0000\"", static_cast<unsigned>(when.date.day()),
                     kMonths[static_cast<unsigned>(when.date.month()) - 1],
                     static_cast<int>(when.date.year()), when.clock.hours().count(),
                     when.clock.minutes().count(), when.clock.seconds().count());
}

std::string Letters::letter(std::uint32_t number, std::uint32_t salt) const {
  const std::uint32_t who = sender(number);
  const std::uint32_t beginning = root(number);
  Dice dice(beginning + 3'000'017);
  const bool korean = dice.below(3) == 0;
  std::string subject;
  for (std::uint32_t words = 2 + dice.below(4); words > 0; --words) {
    subject += korean ? kKorean[dice.below(kKorean.size())] : kEnglish[dice.below(kEnglish.size())];
    subject += ' ';
  }
  subject += std::to_string(beginning % 10'000);

  std::string text = fmt::format(
      "Return-Path: <{0}>\r\n"
      "Received: from mail.town{1}.example.net (mail.town{1}.example.net [192.0.2.{2}])\r\n"
      "\tby mx.example.test (Postfix) with ESMTPS id {3:X}\r\n\tfor <u0@example.test>; {4}\r\n"
      "From: {5}\r\nTo: u0@example.test\r\n",
      address(who), who % 40, who % 250, Dice(number + salt).below(0xffffffff), header_date(number),
      mailbox(who));
  if (number % 5 == 0)
    text += fmt::format("Cc: {},\r\n {}\r\n", mailbox((who + 11) % kSenders), mailbox((who + 5) % kSenders));
  text += fmt::format("Subject: {}{}\r\nDate: {}\r\nMessage-ID: {}\r\n",
                      beginning == number ? "" : "Re: ", header_text(subject), header_date(number),
                      message_id(number, salt));
  if (beginning != number) {
    text += fmt::format("In-Reply-To: {}\r\n", message_id(parent(number), salt));
    std::string references;
    std::uint32_t ancestor = number;
    for (int i = 0; i < 6 && parent(ancestor) != ancestor; ++i) {
      ancestor = parent(ancestor);
      references.insert(0, "\r\n " + message_id(ancestor, salt));
    }
    text += "References:" + references + "\r\n";
  }
  text += "MIME-Version: 1.0\r\nX-Mailer: Pabal bench 1.0\r\n";
  return text + body(number, salt, text.size());
}

std::string Letters::body(std::uint32_t number, std::uint32_t salt, std::size_t header_bytes) const {
  Dice dice(number + 4'000'037 + salt * 1'000'003ULL);
  const bool korean = holds(number, kKoreanAt) || (!holds(number, kWordAt) && dice.below(3) == 0);
  const std::string_view hidden = holds(number, kWordAt)     ? kRareWord
                                  : holds(number, kKoreanAt) ? kRareKorean
                                                             : "";
  const std::size_t room = kLetterBytes - std::min(header_bytes, kLetterBytes / 2);
  const bool encoded = korean && number % 2 == 0;  // base64, as many programs in Korea send it; or as it is
  const auto part = [&](std::string_view type, std::string_view text) {
    return fmt::format("Content-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n{}", type,
                       encoded  ? "base64"
                       : korean ? "8bit"
                                : "7bit",
                       encoded ? base64_lines(text) : std::string(text));
  };
  const std::size_t kind = dice.below(10);
  if (kind < 6) return part("text/plain", prose(dice, korean, room * (encoded ? 7 : 10) / 10, hidden));
  const std::string boundary = fmt::format("=_{:08x}_{}", dice.below(0xffffffff), number);
  if (kind < 9) {
    const std::string text = prose(dice, korean, room * (encoded ? 3 : 4) / 10, hidden);
    return fmt::format(
        "Content-Type: multipart/alternative; boundary=\"{0}\"\r\n\r\n--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--\r\n",
        boundary, part("text/plain", text), part("text/html", html(text)));
  }
  const std::string text = prose(dice, korean, room * (encoded ? 3 : 5) / 10, hidden);
  std::string data(room / 4, '\0');
  for (char& each : data) each = static_cast<char>(dice.below(256));
  return fmt::format(
      "Content-Type: multipart/mixed; boundary=\"{0}\"\r\n\r\n--{0}\r\n{1}\r\n--{0}\r\n"
      "Content-Type: application/octet-stream; name=\"data{2}.bin\"\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment; filename=\"data{2}.bin\"\r\n\r\n{3}\r\n--{0}--\r\n",
      boundary, part("text/plain", text), number, base64_lines(data));
}

}  // namespace pabal::bench
