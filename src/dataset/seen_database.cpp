#include "dataset/seen_database.h"

#include <fmt/format.h>

namespace convscope {

namespace {

constexpr int application = 0x436f6e76; // "Conv"
constexpr int version = 1;

std::string table_of(std::int64_t layer) { return fmt::format("maxima_{}", layer); }

// Rows of `photo p` that are what the folder has now.
constexpr const char *is_current = "f.path = p.path AND f.bytes = p.bytes AND f.changed = p.changed";

} // namespace

SeenDatabase::SeenDatabase(const std::filesystem::path &file, const std::string &net, const std::string &name)
    : sqlite_(file) {
  open(net, name);
  sqlite_.run("CREATE TEMP TABLE found (path TEXT PRIMARY KEY, bytes INTEGER, changed INTEGER) WITHOUT ROWID;"
              "CREATE TEMP TABLE missing (path TEXT, bytes INTEGER, changed INTEGER)");
}

void SeenDatabase::open(const std::string &net, const std::string &name) {
  sqlite_.run("BEGIN EXCLUSIVE"); // the lock is never given back
  const auto is = sqlite_.number("PRAGMA application_id"), made_by = sqlite_.number("PRAGMA user_version");
  if (is == 0 && sqlite_.number("SELECT count(*) FROM sqlite_master") == 0) {
    sqlite_.run(fmt::format(
        "PRAGMA application_id = {}; PRAGMA user_version = {};"
        "CREATE TABLE net (identity TEXT NOT NULL, name TEXT NOT NULL);"
        "CREATE TABLE photo (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL,"
        " changed INTEGER NOT NULL, width INTEGER, height INTEGER, fault TEXT);"
        "CREATE TABLE layer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, sample TEXT NOT NULL, width INTEGER NOT NULL,"
        " height INTEGER NOT NULL, precision TEXT NOT NULL, channels INTEGER NOT NULL,"
        " rows INTEGER NOT NULL, columns INTEGER NOT NULL, UNIQUE (name, sample, width, height, precision))",
        application, version));
    sqlite_.prepare("INSERT INTO net VALUES (?, ?)").bind(1, net).bind(2, name).run();
  } else if (is != application) {
    sqlite_.fail("is a database of another program's");
  } else if (made_by != version) {
    sqlite_.fail(fmt::format("is of version {}, where this Convscope knows {}", made_by, version));
  }
  Statement of = sqlite_.prepare("SELECT identity, name FROM net");
  if (!of.step())
    sqlite_.damaged("it does not say of which net it is");
  const std::string found = of.text(0), its_name = of.text(1);
  of.reset();
  if (found != net)
    sqlite_.fail(its_name == name
                     ? fmt::format("is of {} with other weights or another preprocessing; give another --db", name)
                     : fmt::format("is of {}, not of {}; give another --db", its_name, name));
  sqlite_.run("COMMIT");
}

std::size_t SeenDatabase::layer(const SeenLayer &layer) {
  const Shape &shape = layer.shape;
  Transaction change(sqlite_);
  Statement find =
      sqlite_.prepare("SELECT id, channels, rows, columns FROM layer"
                      " WHERE name = ?1 AND sample = ?5 AND width = ?2 AND height = ?3 AND precision = ?4");
  find.bind(1, layer.name).bind(2, std::int64_t{layer.input.width}).bind(3, std::int64_t{layer.input.height});
  if (find.bind(4, layer.precision).bind(5, layer.sample).step()) {
    const std::int64_t id = find.integer(0);
    if (find.integer(1) != shape.c || find.integer(2) != shape.h || find.integer(3) != shape.w)
      sqlite_.damaged("layer " + layer.name + " has another shape");
    find.reset();
    layers_.push_back({id, shape});
  } else {
    Statement add =
        sqlite_.prepare("INSERT INTO layer (name, width, height, precision, channels, rows, columns, sample)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    add.bind(1, layer.name).bind(2, std::int64_t{layer.input.width}).bind(3, std::int64_t{layer.input.height});
    add.bind(4, layer.precision).bind(5, std::int64_t{shape.c}).bind(6, std::int64_t{shape.h});
    add.bind(7, std::int64_t{shape.w}).bind(8, layer.sample).run();
    layers_.push_back({sqlite_.last_row(), shape});
    // A table of its own: what one layer has seen lies side by side.
    sqlite_.run(
        fmt::format("CREATE TABLE {} (photo INTEGER PRIMARY KEY, peaks BLOB NOT NULL)", table_of(layers_.back().id)));
  }
  change.commit();
  return layers_.size() - 1;
}

void SeenDatabase::begin_listing() {
  sqlite_.run("BEGIN; DELETE FROM found");
  find_.emplace(sqlite_.prepare("INSERT OR IGNORE INTO found VALUES (?, ?, ?)"));
}

void SeenDatabase::found(const FoundPhoto &photo) {
  find_->bind(1, photo.path).bind(2, photo.bytes).bind(3, photo.changed).run();
}

void SeenDatabase::end_listing() {
  find_.reset();
  sqlite_.run("COMMIT");
  photos_ = sqlite_.number("SELECT count(*) FROM found");
  find_missing();
}

void SeenDatabase::find_missing() {
  std::string unseen = "p.id IS NULL";
  for (const Layer &layer : layers_)
    unseen +=
        fmt::format(" OR (p.fault IS NULL AND NOT EXISTS (SELECT 1 FROM {} WHERE photo = p.id))", table_of(layer.id));
  sqlite_.run(fmt::format("BEGIN; DELETE FROM missing;"
                          "INSERT INTO missing SELECT f.path, f.bytes, f.changed FROM found f LEFT JOIN photo p ON {}"
                          " WHERE {} ORDER BY f.path; COMMIT",
                          is_current, unseen));
  missing_ = sqlite_.number("SELECT count(*) FROM missing");
  given_ = 0;
}

std::optional<FoundPhoto> SeenDatabase::next() {
  if (given_ == missing_)
    return {};
  Statement row = sqlite_.prepare("SELECT path, bytes, changed FROM missing WHERE rowid = ?");
  if (!row.bind(1, ++given_).step())
    sqlite_.damaged("a list of photos has a gap");
  FoundPhoto photo{row.text(0), row.integer(1), row.integer(2)};
  row.reset();
  return photo;
}

// Its number, as the photo that it is now: what was seen of one of that name before is gone.
std::int64_t SeenDatabase::take_in(const FoundPhoto &photo, Size size, const std::string *fault) {
  Statement find = sqlite_.prepare("SELECT id, bytes, changed FROM photo WHERE path = ?");
  std::int64_t id = -1;
  if (find.bind(1, photo.path).step()) {
    id = find.integer(0);
    const bool same = find.integer(1) == photo.bytes && find.integer(2) == photo.changed;
    find.reset();
    if (same)
      return id;
    Statement all = sqlite_.prepare("SELECT id FROM layer");
    while (all.step())
      sqlite_.prepare(fmt::format("DELETE FROM {} WHERE photo = ?", table_of(all.integer(0)))).bind(1, id).run();
  }
  Statement put = sqlite_.prepare(id < 0 ? "INSERT INTO photo (path, bytes, changed, width, height, fault)"
                                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                                         : "UPDATE photo SET bytes = ?2, changed = ?3, width = ?4, height = ?5,"
                                           " fault = ?6 WHERE path = ?1");
  put.bind(1, photo.path).bind(2, photo.bytes).bind(3, photo.changed);
  put.bind(4, std::int64_t{size.width}).bind(5, std::int64_t{size.height});
  if (fault)
    put.bind(6, *fault);
  put.run();
  return id < 0 ? sqlite_.last_row() : id;
}

std::int64_t SeenDatabase::keep(const FoundPhoto &photo, Size size, const std::vector<Peaks> &peaks) {
  const std::int64_t id = take_in(photo, size, nullptr);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::vector<std::uint8_t> bytes = pack(peaks.at(i), layers_[i].positions());
    // Where the layer had seen the photo already, that stands.
    sqlite_.prepare(fmt::format("INSERT OR IGNORE INTO {} VALUES (?, ?)", table_of(layers_[i].id)))
        .bind(1, id)
        .bind(2, bytes)
        .run();
  }
  return id;
}

void SeenDatabase::keep_fault(const FoundPhoto &photo, const std::string &reason) { take_in(photo, {}, &reason); }

void SeenDatabase::each(std::size_t layer, const std::function<void(std::int64_t, const Peaks &)> &use) {
  const Layer &of = layers_.at(layer);
  // CROSS JOIN: in this order, along the large table.
  Statement rows = sqlite_.prepare(fmt::format("SELECT m.photo, m.peaks FROM {} m CROSS JOIN photo p ON p.id = m.photo"
                                               " CROSS JOIN found f ON {}",
                                               table_of(of.id), is_current));
  Peaks peaks;
  while (rows.step()) {
    const std::string wrong = unpack(rows.blob(1), static_cast<std::size_t>(of.shape.c), of.positions(), peaks);
    if (!wrong.empty())
      sqlite_.damaged(wrong);
    use(rows.integer(0), peaks);
  }
}

SeenDatabase::Photo SeenDatabase::photo(std::int64_t number) {
  if (!photo_)
    photo_.emplace(sqlite_.prepare("SELECT path, width, height FROM photo WHERE id = ?"));
  if (!photo_->bind(1, number).step())
    sqlite_.damaged("a photo has no name");
  Photo photo{photo_->text(0), {static_cast<int>(photo_->integer(1)), static_cast<int>(photo_->integer(2))}};
  photo_->reset();
  return photo;
}

std::vector<SkippedPhoto> SeenDatabase::faults() {
  Statement rows = sqlite_.prepare(fmt::format(
      "SELECT p.path, p.fault FROM found f CROSS JOIN photo p ON {} WHERE p.fault IS NOT NULL ORDER BY f.path",
      is_current));
  std::vector<SkippedPhoto> skipped;
  while (rows.step())
    skipped.push_back({rows.text(0), rows.text(1)});
  return skipped;
}

} // namespace convscope
