// Writes Keras's legacy weight files, and broken ones, for tests.
#pragma once

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <hdf5.h>

namespace convscope {

enum class TextKind { fixed, variable };

struct H5Tensor {
  std::string name; // as weight_names has it; may hold '/'
  std::vector<hsize_t> shape;
  std::vector<float> values;
  hid_t type = H5T_IEEE_F32LE; // of the file
};

struct H5Layer {
  std::string name;
  std::vector<H5Tensor> tensors;
};

class H5Writer {
public:
  explicit H5Writer(const std::filesystem::path &path, TextKind kind = TextKind::fixed)
      : kind_(kind), file_(H5Fcreate(path.string().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {
    EXPECT_GE(file_, 0);
  }
  H5Writer(const H5Writer &) = delete;
  H5Writer &operator=(const H5Writer &) = delete;
  ~H5Writer() { H5Fclose(file_); }

  hid_t id() const { return file_; }

  void group(const std::string &path) {
    H5Gclose(H5Gcreate2(file_, path.c_str(), parents(), H5P_DEFAULT, H5P_DEFAULT));
  }

  void texts(const std::string &object, const std::string &attribute, const std::vector<std::string> &values) {
    const hid_t owner = H5Oopen(file_, object.c_str(), H5P_DEFAULT);
    const hsize_t count = values.size();
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    std::size_t longest = 1;
    for (const std::string &value : values)
      longest = std::max(longest, value.size());
    // h5py stores an empty list as numbers.
    const hid_t type = H5Tcopy(values.empty() ? H5T_IEEE_F64LE : H5T_C_S1);
    std::vector<char> fixed(longest * values.size());
    std::vector<const char *> variable;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::memcpy(fixed.data() + i * longest, values[i].data(), values[i].size());
      variable.push_back(values[i].c_str());
    }
    if (!values.empty()) {
      H5Tset_size(type, kind_ == TextKind::fixed ? longest : H5T_VARIABLE);
      H5Tset_strpad(type, H5T_STR_NULLPAD);
    }
    const hid_t id = H5Acreate2(owner, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(id, 0) << attribute;
    if (!values.empty())
      H5Awrite(id, type, kind_ == TextKind::fixed ? static_cast<const void *>(fixed.data()) : variable.data());
    H5Aclose(id);
    H5Tclose(type);
    H5Sclose(space);
    H5Oclose(owner);
  }

  // An attribute of one text, as h5py writes a str.
  void text(const std::string &object, const std::string &attribute, const std::string &value) {
    const hid_t owner = H5Oopen(file_, object.c_str(), H5P_DEFAULT);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    const hid_t id = H5Acreate2(owner, attribute.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(id, 0) << attribute;
    const char *pointer = value.c_str();
    H5Awrite(id, type, &pointer);
    H5Aclose(id);
    H5Tclose(type);
    H5Sclose(space);
    H5Oclose(owner);
  }

  void dataset(const std::string &path, const H5Tensor &tensor) {
    const hid_t space = H5Screate_simple(static_cast<int>(tensor.shape.size()), tensor.shape.data(), nullptr);
    const hid_t id = H5Dcreate2(file_, path.c_str(), tensor.type, space, parents(), H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(id, 0) << path;
    if (!tensor.values.empty())
      H5Dwrite(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, tensor.values.data());
    H5Dclose(id);
    H5Sclose(space);
  }

  // The groups and lists of a weights file under `root` ("/" or "/model_weights").
  void layers(const std::string &root, const std::vector<H5Layer> &layers, std::size_t per_list = 0) {
    if (root != "/")
      group(root);
    const std::string prefix = root == "/" ? "/" : root + "/";
    std::vector<std::string> names;
    for (const H5Layer &layer : layers) {
      names.push_back(layer.name);
      group(prefix + layer.name);
      std::vector<std::string> tensors;
      for (const H5Tensor &tensor : layer.tensors) {
        tensors.push_back(tensor.name);
        dataset(prefix + layer.name + "/" + tensor.name, tensor);
      }
      texts(prefix + layer.name, "weight_names", tensors);
    }
    if (per_list == 0) {
      texts(root, "layer_names", names);
      return;
    }
    for (std::size_t first = 0; first < names.size(); first += per_list)
      texts(root, "layer_names" + std::to_string(first / per_list),
            {names.begin() + static_cast<std::ptrdiff_t>(first),
             names.begin() + static_cast<std::ptrdiff_t>(std::min(first + per_list, names.size()))});
  }

private:
  static hid_t parents() {
    static const hid_t list = [] {
      const hid_t created = H5Pcreate(H5P_LINK_CREATE);
      H5Pset_create_intermediate_group(created, 1);
      return created;
    }();
    return list;
  }

  TextKind kind_;
  hid_t file_;
};

} // namespace convscope
