// A database file, through SQLite: what fails becomes a UserError that begins with the file's name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace convscope {

class Sqlite;

// A prepared statement. Parameters count from 1, columns from 0.
class Statement {
public:
  Statement &bind(int parameter, std::int64_t value);
  Statement &bind(int parameter, std::string_view text); // which outlives the next steps
  Statement &bind(int parameter, std::span<const std::uint8_t> blob);
  // The next row; false behind the last, or where there are none: then it is as if it had not begun.
  bool step();
  void run() { // of what has no rows
    while (step()) {
    }
  }
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  std::span<const std::uint8_t> blob(int column) const; // until the next step
  bool is_null(int column) const;
  void reset(); // before its last row

private:
  friend class Sqlite;
  struct Finalize {
    void operator()(sqlite3_stmt *statement) const;
  };
  Statement(const Sqlite &database, sqlite3_stmt *statement) : database_(&database), statement_(statement) {}
  const Sqlite *database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Sqlite {
public:
  // Opens or makes it, for this process alone; "": a temporary one, which is gone in the end.
  explicit Sqlite(const std::filesystem::path &file);
  Sqlite(const Sqlite &) = delete;
  Sqlite &operator=(const Sqlite &) = delete;

  void run(const std::string &commands) const;
  Statement prepare(const std::string &command) const;
  std::int64_t number(const std::string &query) const; // its first column and row
  std::int64_t last_row() const;
  [[noreturn]] void damaged(const std::string &what) const;
  [[noreturn]] void fail(const std::string &what) const;

private:
  friend class Statement;
  void check(int result) const;
  struct Close {
    void operator()(sqlite3 *database) const;
  };
  std::string name_;
  std::unique_ptr<sqlite3, Close> database_;
};

// All that is changed while it lives, or nothing of it.
class Transaction {
public:
  explicit Transaction(const Sqlite &database) : database_(database) { database.run("BEGIN IMMEDIATE"); }
  Transaction(const Transaction &) = delete;
  Transaction &operator=(const Transaction &) = delete;
  ~Transaction();
  void commit() {
    database_.run("COMMIT");
    done_ = true;
  }

private:
  const Sqlite &database_;
  bool done_ = false;
};

} // namespace convscope
