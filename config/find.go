package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Find returns the configuration file of a folder: the one in it, or in the
// nearest folder above. The search ends with the top of a git repository. It
// returns "" when there is none. The path begins where the folder does.
func Find(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("look for %s: %w", Name, err)
	}
	for {
		switch path, err := fileIn(dir); {
		case err != nil:
			return "", err
		case path != "":
			return path, nil
		}
		if _, err := os.Lstat(filepath.Join(abs, ".git")); err == nil || filepath.Dir(abs) == abs {
			return "", nil
		}
		dir, abs = filepath.Join(dir, ".."), filepath.Dir(abs)
	}
}

// fileIn returns the file of one folder, by either of its names.
func fileIn(dir string) (string, error) {
	found := ""
	for _, name := range Names() {
		path := filepath.Join(dir, name)
		switch info, err := os.Stat(path); {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("the configuration cannot be read: %w", err)
		case info.IsDir():
		case found != "":
			return "", fmt.Errorf("both %s and %s are there: keep the first", found, path)
		default:
			found = path
		}
	}
	return found, nil
}

// Read reads a file. The error is a [*fs.PathError] inside when it could not be
// read at all, and otherwise about its text, see [Parse].
func Read(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the configuration cannot be read: %w", err)
	}
	return Parse(path, data)
}
